#include "haulcast/auth/api_keys.hpp"

#include <gtest/gtest.h>

#include "key_directory.hpp"

namespace haulcast::auth {
namespace {

using namespace std::chrono_literals;
using ApiKeys = key_directory;

constexpr utc_time noon = noon_of_keys;

std::shared_ptr<const api_key_table> table_of(const std::vector<api_key>& keys) {
  return std::make_shared<const api_key_table>(keys);
}

TEST_F(ApiKeys, BelieveAKeyThatIsInTheFile) {
  const auto text = new_api_key().value();
  ASSERT_TRUE(add_api_key(file(), admin_key("ops", text)).value());
  api_keys keys{api_key_table::load(file()).value()};
  EXPECT_EQ(keys.size(), 1U);
  const auto who = keys.verify(text, noon).value();
  EXPECT_EQ(who->subject, "key:ops");
  EXPECT_EQ(who->who, role::admin);
  EXPECT_EQ(keys.verify(text, noon).value(), who) << "one principal for all requests of a key";
}

TEST_F(ApiKeys, AreNoneWhereThereIsNoFileAndAFailureWhereItIsDamaged) {
  EXPECT_EQ(api_key_table::load(file()).value()->size(), 0U);
  write("{");
  EXPECT_FALSE(api_key_table::load(file()));
}

TEST_F(ApiKeys, RefuseEverythingElseAlike) {
  const auto text = new_api_key().value();
  api_keys keys{table_of({admin_key("ops", text)})};
  auto near = text;
  near.back() = near.back() == 'A' ? 'B' : 'A';
  for (const auto& wrong : {near, new_api_key().value(), text + "A", text.substr(0, 45), "HK_" + text.substr(3),
                            std::string{"hk_"}, std::string(46, '\0'), std::string(5000, 'h'), std::string{"key:ops"}}) {
    EXPECT_EQ(keys.verify(wrong, noon).error(), token_error::invalid) << wrong;
  }
  EXPECT_EQ(keys.verify("", noon).error(), token_error::missing);
}

TEST_F(ApiKeys, AreNotBelievedByTheirDigest) {
  const auto text = new_api_key().value();
  const auto digest = sha256{}(text);
  api_keys keys{table_of({admin_key("ops", text)})};
  EXPECT_FALSE(keys.verify({reinterpret_cast<const char*>(digest.data()), digest.size()}, noon));
}

TEST_F(ApiKeys, HoldUntilTheyExpireToTheMillisecond) {
  const auto text = new_api_key().value();
  auto key = admin_key("ops", text);
  key.expires = noon + 1h;
  api_keys keys{table_of({key})};
  EXPECT_TRUE(keys.verify(text, noon + 1h - 1ms));
  EXPECT_EQ(keys.verify(text, noon + 1h).error(), token_error::expired);
  EXPECT_TRUE(keys.verify(text, noon)) << "the clock was set back";
}

TEST_F(ApiKeys, WithoutAnEndHoldInTheYear9999) {
  const auto text = new_api_key().value();
  api_keys keys{table_of({admin_key("ops", text)})};
  EXPECT_TRUE(keys.verify(text, from_epoch_ms(253'402'300'799'999)));
}

TEST_F(ApiKeys, AreReplacedAtOnce) {
  const auto before = new_api_key().value();
  const auto after = new_api_key().value();
  api_keys keys{table_of({admin_key("before", before)})};
  const auto old = keys.replace(table_of({admin_key("after", after)}));
  EXPECT_EQ(old->size(), 1U) << "the old table comes back";
  EXPECT_EQ(keys.verify(before, noon).error(), token_error::invalid);
  EXPECT_TRUE(keys.verify(after, noon));
}

TEST_F(ApiKeys, SayWhoseKeyIsGoneOrHasChanged) {
  const auto a = new_api_key().value();
  const auto b = new_api_key().value();
  api_keys keys{table_of({admin_key("a", a), admin_key("b", b)})};
  const auto came_by_a = keys.verify(a, noon).value();
  const auto came_by_b = keys.verify(b, noon).value();
  const principal came_by_token{.subject = "key:a", .who = role::admin};
  (void)keys.replace(table_of({admin_key("a", a), admin_key("b", b)}));
  EXPECT_TRUE(keys.still_holds(*came_by_a)) << "a reload that changes nothing ends nothing";
  (void)keys.replace(table_of({admin_key("b", b)}));
  EXPECT_FALSE(keys.still_holds(*came_by_a));
  EXPECT_TRUE(keys.still_holds(*came_by_b));
  EXPECT_TRUE(keys.still_holds(came_by_token)) << "it has no key to lose";
  (void)keys.replace(table_of({admin_key("a", new_api_key().value()), admin_key("b", b)}));
  EXPECT_FALSE(keys.still_holds(*came_by_a)) << "another key of the same name";
  auto narrowed = admin_key("b", b);
  narrowed.who = role::merchant;
  narrowed.merchant_id = "M-1";
  (void)keys.replace(table_of({narrowed}));
  EXPECT_FALSE(keys.still_holds(*came_by_b));
}

TEST_F(ApiKeys, ManyAreToldApart) {
  std::vector<std::string> texts;
  std::vector<api_key> all;
  for (int i = 0; i < 1000; ++i) {
    texts.push_back(new_api_key().value());
    all.push_back(admin_key("k" + std::to_string(i), texts.back()));
  }
  api_keys keys{table_of(all)};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(keys.verify(texts[i], noon).value()->subject, "key:k" + std::to_string(i));
  }
}

}  // namespace
}  // namespace haulcast::auth
