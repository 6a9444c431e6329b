#include "haulcast/auth/key_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

namespace fs = std::filesystem;

class KeyFiles : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "haulcast-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path write(std::string_view name, std::string_view text) const {
    std::ofstream{root_ / name} << text;
    return root_ / name;
  }
  /// What follows the directory.
  std::string refusal(const key_source& from) {
    const auto loaded = load_keys(from, ring_);
    return loaded ? "" : loaded.error().what.substr(root_.string().size() + 1);
  }

  fs::path root_;
  key_ring ring_;
};

TEST_F(KeyFiles, GiveTheRingTheirKeys) {
  EXPECT_EQ(refusal({.file = write("a.pem", keys::rsa_public), .alg = algorithm::rs256, .kid = "a"}), "");
  const auto set = R"({"keys":[{)" + signer{keys::ec_private}.jwk_members() + R"(,"alg":"ES256","kid":"b"},{)" +
                   signer{keys::other_ec_private}.jwk_members() + R"(,"alg":"ES256","kid":"c"}]})";
  EXPECT_EQ(refusal({.file = write("jwks.json", set), .is_jwks = true}), "");
  EXPECT_EQ(ring_.size(), 3U);
  EXPECT_TRUE(ring_.verify({algorithm::es256, "c"}, "text", signer{keys::other_ec_private}.signature_of("text")));
}

TEST_F(KeyFiles, ThatAreWrongAreNamedWithTheirKey) {
  EXPECT_EQ(refusal({.file = root_ / "none.pem", .alg = algorithm::rs256}),
            "none.pem cannot be read: No such file or directory");
  EXPECT_EQ(refusal({.file = write("short.pem", keys::rsa_of_1024_bits), .alg = algorithm::rs256}),
            "short.pem has 1024 bits; RSA keys have at least 2048");
  EXPECT_EQ(refusal({.file = write("oct.json", R"({"keys":[{"kty":"oct","k":"AA","kid":"x"}]})"), .is_jwks = true}),
            "oct.json key 1 (kid x) is a secret (oct), which does not belong in a key set; HS256 has auth.hs256_secret");
  EXPECT_EQ(refusal({.file = write("large.pem", std::string((64U << 10) + 1, ' ')), .alg = algorithm::rs256}),
            "large.pem has more than 64 KiB");
  EXPECT_EQ(refusal({.file = write("a.pem", keys::rsa_public), .alg = algorithm::rs256, .kid = "a"}), "");
  EXPECT_EQ(refusal({.file = write("b.pem", keys::other_rsa_public), .alg = algorithm::rs256, .kid = "a"}),
            "b.pem: the key with kid a has the kid of another RS256 key, a");
  EXPECT_EQ(ring_.size(), 1U);
}

}  // namespace
}  // namespace haulcast::auth
