#include "text/json_syntax.h"

#include <simdjson.h>

namespace sie::text {

bool is_json(std::string_view text) {
    if (text.find('\n') != std::string_view::npos) return false;  // it would cut the line it stands in
    simdjson::dom::parser parser;
    simdjson::dom::element element;
    return parser.parse(simdjson::padded_string(text)).get(element) == simdjson::SUCCESS;
}

}  // namespace sie::text
