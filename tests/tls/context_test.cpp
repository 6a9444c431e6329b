#include "haulcast/tls/context.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tls/certificates.hpp"

namespace haulcast::tls {
namespace {

using test::wanted;
namespace fs = std::filesystem;

class Certificate : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "haulcast-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
  }
  void TearDown() override { fs::remove_all(directory); }

  std::string refusal(const certificate_files& from) {
    const auto loaded = load_certificate(from);
    return loaded ? "" : loaded.error().what;
  }
  std::string refusal_of(const test::files& from) { return refusal({from.certificate, from.key}); }
  std::vector<std::string> warnings(const test::files& from) {
    return load_certificate({from.certificate, from.key}).value().warnings;
  }
  static bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
  void write(const fs::path& path, const std::string& text) { std::ofstream{path, std::ios::trunc} << text; }

  fs::path directory;
  test::authority ca;
};

TEST_F(Certificate, OfEcdsaAndOfRsaAreTaken) {
  EXPECT_EQ(refusal_of(ca.issue(directory, "a")), "");
  EXPECT_EQ(refusal_of(ca.issue(directory, "b", {.kind = test::key_kind::rsa2048})), "");
}

TEST_F(Certificate, ThatIsGoodForLongWarnsOfNothing) { EXPECT_TRUE(warnings(ca.issue(directory)).empty()); }

TEST_F(Certificate, ThatHasExpiredIsTakenWithAWarning) {
  using std::chrono::hours;
  const auto told = warnings(ca.issue(directory, "old", {.from = hours{-48}, .to = hours{-24}}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(holds(told[0], "has expired, on 20")) << told[0];
}

TEST_F(Certificate, ThatIsNotValidYetOrSoonEndsWarns) {
  using std::chrono::hours;
  EXPECT_TRUE(holds(warnings(ca.issue(directory, "new", {.from = hours{24}})).at(0), "not valid yet"));
  EXPECT_TRUE(holds(warnings(ca.issue(directory, "soon", {.to = hours{72}})).at(0), "expires on 20"));
}

TEST_F(Certificate, WithAnotherKeyIsRefused) {
  const auto one = ca.issue(directory, "one");
  const auto other = ca.issue(directory, "other");
  EXPECT_TRUE(holds(refusal({one.certificate, other.key}), "is not the key of the certificate"));
}

TEST_F(Certificate, ThatIsNotThereIsNamed) {
  const auto made = ca.issue(directory);
  const auto why = refusal({directory / "nowhere.pem", made.key});
  EXPECT_TRUE(holds(why, "nowhere.pem cannot be read: No such file")) << why;
  EXPECT_TRUE(holds(refusal({made.certificate, directory / "nowhere.key"}), "nowhere.key cannot be read: No such file"));
}

TEST_F(Certificate, ThatIsNoPemIsRefused) {
  const auto made = ca.issue(directory);
  write(directory / "text.pem", "hello\n");
  ::chmod((directory / "text.pem").c_str(), S_IRUSR);
  EXPECT_TRUE(holds(refusal({directory / "text.pem", made.key}), "holds no certificate in PEM form"));
  EXPECT_TRUE(holds(refusal({made.certificate, directory / "text.pem"}), "holds no private key in PEM form"));
  EXPECT_TRUE(holds(refusal({made.key, made.key}), "holds no certificate in PEM form"));
  EXPECT_TRUE(holds(refusal({made.certificate, directory}), "is not a regular file"));
}

TEST_F(Certificate, CutShortBehindTheFirstIsRefused) {
  const auto made = ca.issue(directory);
  std::ofstream{made.certificate, std::ios::app} << "-----BEGIN CERTIFICATE-----\nMIIB\n";
  EXPECT_TRUE(holds(refusal_of(made), "broken certificate behind number 1"));
}

TEST_F(Certificate, WithAKeyThatOthersMayReadIsRefused) {
  const auto made = ca.issue(directory);
  for (const mode_t mode : {0604U, 0602U, 0660U, 0666U}) {
    ::chmod(made.key.c_str(), mode);
    EXPECT_TRUE(holds(refusal_of(made), "can be read or changed by others")) << std::oct << mode;
  }
  ::chmod(made.key.c_str(), 0640U);
  EXPECT_EQ(refusal_of(made), "") << "its group may";
}

TEST_F(Certificate, WithAKeyUnderAPassphraseIsRefusedWithoutAsking) {
  const auto made = ca.issue(directory);
  const auto key = test::make_key(test::key_kind::p256);
  {
    const test::text_file to{std::fopen(made.key.c_str(), "w")};
    unsigned char phrase[] = "open sesame";
    ASSERT_EQ(PEM_write_PKCS8PrivateKey(to.get(), key.get(), EVP_aes_256_cbc(), reinterpret_cast<char*>(phrase), 11, nullptr,
                                        nullptr),
              1);
  }
  EXPECT_TRUE(holds(refusal_of(made), "is protected by a passphrase"));
}

TEST_F(Certificate, ThatIsTooWeakIsRefused) {
  const auto why = refusal_of(ca.issue(directory, "weak", {.kind = test::key_kind::rsa1024}));
  EXPECT_TRUE(holds(why, "is not taken: ")) << why;
}

}  // namespace
}  // namespace haulcast::tls
