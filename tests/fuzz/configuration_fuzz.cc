// Configuration files: assignments read as they were written anew, and the settings in force, shown, are the
// same settings.
#include "fuzz/fuzz_target.h"
#include "service/configuration.h"

namespace sie::fuzz::configurations {
namespace {

using service::Configuration, service::ShellFragment;

ShellFragment fragment_holds(std::string_view text) {
    ShellFragment fragment = service::parse_shell_fragment(text);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    require(fragment.errors.size() <= service::most_errors + 1, "there are no more errors than said");
    for (const auto* findings : {&fragment.errors, &fragment.warnings})
        for (const service::Finding& f : *findings)
            require(f.place.line >= 1 && f.place.line <= lines && f.place.column >= 1 &&
                        f.place.column <= text.size() + 1 && !f.why.empty(),
                    "a finding has a place in the text");
    return fragment;
}

// In the plainest form that sh knows.
std::string in_single_quotes(const ShellFragment& fragment) {
    std::string text;
    for (const service::Assignment& a : fragment.assignments) {
        text += a.name + "='";
        for (const char c : a.value) text += c == '\'' ? "'\\''" : std::string(1, c);
        text += "'\n";
    }
    return text;
}

Configuration configured(std::string text) {
    service::Given given;
    given.file = {"file", std::move(text)};
    return service::configure(given);
}

std::string shown(const Configuration& configuration) {
    std::string all;
    for (const service::SettingRow& row : service::settings_table())
        all += std::string(row.name) + '=' + row.shown(configuration.settings) + '\n';
    return all;
}

}  // namespace
}  // namespace sie::fuzz::configurations

SIE_FUZZ_TARGET(configuration) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::configurations;
    if (input.size() > 100'000) return;
    const std::string text(as_text(input));
    const ShellFragment fragment = fragment_holds(text);
    if (const std::string quoted = in_single_quotes(fragment);
        quoted.size() < service::most_fragment_octets) {
        const ShellFragment again = fragment_holds(quoted);
        require(again.errors.empty(), "what was read can be written");
        require_same(in_single_quotes(again), quoted, "assignments read as they were written");
    }
    const Configuration configuration = configured(text);
    require(fragment.errors.empty() || !configuration.errors.empty(),
            "an error of the text is one of the settings");
    for (const Error& error : configuration.errors)
        require(!error.what.empty() && !error.why.empty() && !error.remedy.empty(),
                "an error says what, why and how to mend it");
    if (!configuration.errors.empty()) return;
    const Configuration again = configured(service::effective_text(configuration));
    require(again.errors.empty(), "settings in force can be given again");
    require_same(shown(again), shown(configuration), "settings in force, given again, are the same");
}
