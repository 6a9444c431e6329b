// Our judge beside ajv: reads cases that ajv has judged (tests/contract/cases.mjs), one JSON object a line, and names those on
// which the two do not agree.
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "haulcast/http/contract.hpp"
#include "support/json_schema.hpp"

int main(int count, char** arguments) try {
  using nlohmann::json;
  haulcast::support::json_schema openapi{json::parse(haulcast::http::contract::openapi)};
  haulcast::support::json_schema asyncapi{json::parse(haulcast::http::contract::asyncapi)};
  std::ifstream cases{count == 2 ? arguments[1] : "/dev/stdin"};
  std::size_t agreed = 0, refused = 0, wrong = 0;
  for (std::string line; std::getline(cases, line);) {
    const auto one = json::parse(line);
    auto& document = one.at("document") == "openapi" ? openapi : asyncapi;
    const auto& schema = document.document().at(json::json_pointer{one.at("schema").get<std::string>()});
    const auto fault = document.fault(schema, one.at("value"));
    if (fault.has_value() == one.at("valid").get<bool>()) {
      std::printf("not agreed (ajv: %s): %s\n%s\n", one.at("valid").get<bool>() ? "valid" : "not valid",
                  fault.value_or("valid").c_str(), line.c_str());
      ++wrong;
    }
    ++(fault ? refused : agreed);
  }
  std::printf("%zu cases valid, %zu not, %zu not agreed\n", agreed, refused, wrong);
  return wrong == 0 && agreed > 20 && refused > 200 ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
