#include "haulcast/base/id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace haulcast {
namespace {

TEST(Id, IsOneTo128OfTheAllowedCharacters) {
  for (const char* id : {"T", "TRK-1", "a.b_c:d-9", "."}) EXPECT_TRUE(is_id(id)) << id;
  for (const char* text : {"", " ", "a b", "a/b", "ä", "a\n", "a+b", "@", "[", "`", "{"}) EXPECT_FALSE(is_id(text)) << text;
  EXPECT_FALSE(is_id(std::string_view{"a\0", 2}));
  EXPECT_TRUE(is_id(std::string(128, 'x')));
  EXPECT_FALSE(is_id(std::string(129, 'x')));
}

}  // namespace
}  // namespace haulcast
