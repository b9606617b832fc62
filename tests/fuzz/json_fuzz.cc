// Lines of JSON: what is taken is JSON, and comes back from the JSON of the payload that it became.
#include "fuzz/json_holds.h"

SIE_FUZZ_TARGET(json) {
    using namespace sie;
    using namespace sie::fuzz;
    const std::string_view line = as_text(input);
    text::JsonReader reader;
    const auto read = reader.read(line, Time::of(1'700'000'000, 5));
    if (!read) {
        require(!read.error().what.empty() && !read.error().why.empty(), "a refusal says what and why");
        return;
    }
    require(text::is_json(line) || line.find('\n') != std::string_view::npos, "what is taken is JSON");
    comes_back(Owned(*read).payload, From::json);
}
