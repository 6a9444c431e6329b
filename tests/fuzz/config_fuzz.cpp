// Whatever stands in a configuration file and in the environment: it is a configuration that is shown and read back the same,
// or one printable line that says where the mistake is. No secret stands in either. The text before the first NUL is the file,
// each one behind a NUL is a variable, NAME=VALUE.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "haulcast/app/config.hpp"
#include "haulcast/app/config_file.hpp"
#include "haulcast/app/config_keys.hpp"

using namespace haulcast;
using namespace haulcast::app;

namespace {

/// A file that is nowhere on a disk.
class memory_file {
 public:
  memory_file() : fd_{::memfd_create("config", MFD_CLOEXEC)}, path_{"/proc/self/fd/" + std::to_string(fd_)} {
    REQUIRE(fd_ >= 0);
  }
  const std::string& path() const { return path_; }
  void fill(std::string_view text) const {
    REQUIRE(::ftruncate(fd_, 0) == 0);
    REQUIRE(::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

 private:
  int fd_;
  std::string path_;
};

bool is_one_line(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Variables that name a file of a secret are left out: the file could be any of this machine.
void add_variable(environment& to, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return;
  const auto name = text.substr(0, equals);
  if (is_one_line(name) && !name.ends_with("_FILE"))
    to.insert_or_assign(std::string{name}, std::string{text.substr(equals + 1)});
}

/// Secrets change nothing of what is shown but the fact that they are there.
void check_secrets(const config& cfg, const std::string& shown) {
  config other = cfg;
  for (const auto& key : config_keys()) {
    if (!key.secret || !key.only_default.empty() || value_of(cfg, key) == key.default_value) continue;
    REQUIRE(set_key(other, key, "another secret, and a longer one than any that is shown"));
  }
  REQUIRE(show(other) == shown);
}

void check_settings(const std::string& text) {
  const auto settings = read_settings(text, "f.yaml");
  if (!settings) {
    REQUIRE(settings.error().what.starts_with("f.yaml:") && is_one_line(settings.error().what));
    return;
  }
  for (const auto& one : *settings) REQUIRE(one.where.starts_with("f.yaml:"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const memory_file file;
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  const std::string text{rest.substr(0, rest.find('\0'))};
  rest.remove_prefix(text.size());
  environment variables;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto one = rest.substr(0, rest.find('\0'));
    add_variable(variables, one);
    rest.remove_prefix(one.size());
  }
  check_settings(text);
  file.fill(text);
  const auto cfg = load_config(file.path(), variables);
  if (!cfg) {
    REQUIRE(is_one_line(cfg.error().what));
    return 0;
  }
  if (const auto valid = validate(*cfg); !valid) REQUIRE(is_one_line(valid.error().what));
  const std::string shown = show(*cfg);
  check_secrets(*cfg, shown);
  file.fill(shown);
  const auto again = load_config(file.path(), {});
  REQUIRE(again);
  REQUIRE(show(*again) == shown);
  return 0;
}
