// A directory with a file of API keys, gone after the test, and keys to put into it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "haulcast/auth/api_key_file.hpp"

namespace haulcast::auth {

class key_directory : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "haulcast-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path file() const { return root_ / "data" / "api-keys.json"; }
  void write(std::string_view text) const {
    std::filesystem::create_directories(file().parent_path());
    std::ofstream{file(), std::ios::trunc} << text;
    std::filesystem::permissions(file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream{file()}.rdbuf();
    return all.str();
  }

  std::filesystem::path root_;
};

inline constexpr utc_time noon_of_keys = from_epoch_ms(1'800'000'000'000);

/// An admin's key without an end, for this secret text.
inline api_key admin_key(std::string name, std::string_view secret_text) {
  return {.name = std::move(name), .digest = sha256{}(secret_text), .who = role::admin, .created = noon_of_keys};
}

}  // namespace haulcast::auth
