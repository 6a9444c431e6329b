// docs/api -> the texts that the binary carries, as C++. Part of the build; runs nowhere else.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "page.hpp"
#include "yaml_to_json.hpp"

namespace haulcast::http::contract {
namespace {

std::string read(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot read " + path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

nlohmann::ordered_json document(const std::string& path) try {
  return yaml_to_json(read(path));
} catch (const std::exception& e) {
  throw std::runtime_error{path + ": " + e.what()};
}

std::string definition(std::string_view name, const std::string& text) {
  return fmt::format("const std::string_view {} = R\"__({})__\";\n", name, text);
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary};
  if (!(out << text).flush()) throw std::runtime_error{"cannot write " + path};
}

void compile(const std::string& from, const std::string& to) {
  const auto openapi = document(from + "/openapi.yaml");
  const auto asyncapi = document(from + "/asyncapi.yaml");
  write(to + "/openapi.json", openapi.dump());  // for the linters
  write(to + "/asyncapi.json", asyncapi.dump());
  write(to + "/contract.cpp",
        "// Made of docs/api by the build.\n#include \"haulcast/http/contract.hpp\"\n\n"
        "#pragma clang diagnostic ignored \"-Woverlength-strings\"\n\nnamespace haulcast::http::contract {\n\n" +
            definition("openapi", openapi.dump()) + definition("asyncapi", asyncapi.dump()) +
            definition("page", page_of(openapi, asyncapi)) + definition("style", read(from + "/docs.css")) +
            "\n}  // namespace haulcast::http::contract\n");
}

}  // namespace
}  // namespace haulcast::http::contract

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error{"give the directory of the documents and the one to write to"};
  haulcast::http::contract::compile(arguments[1], arguments[2]);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
