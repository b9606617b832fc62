// A folder of its own for each test, and a log that can be asked.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "upload/settings.h"

namespace sie::upload {

class InFolder : public ::testing::Test {
  protected:
    InFolder() {
        std::string form = (std::filesystem::temp_directory_path() / "sie-upload.XXXXXX").string();
        folder = ::mkdtemp(form.data());
    }
    ~InFolder() override { std::filesystem::remove_all(folder); }
    // Gives its path.
    std::string put(const std::string& name, const std::string& content = "x") const {
        std::ofstream(folder / name, std::ios::binary) << content;
        return (folder / name).string();
    }
    [[nodiscard]] Log log() {
        return [this](Severity, const std::string& line) { lines.push_back(line); };
    }
    std::filesystem::path folder;
    std::vector<std::string> lines;
};

}  // namespace sie::upload
