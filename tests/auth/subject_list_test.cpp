#include "haulcast/auth/subject_list.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace haulcast::auth {
namespace {

TEST(SubjectList, HasOneSubjectALine) {
  const auto list = subject_list::read("D-7\nthe driver of TRK-1\r\n\n  Zo\xC3\xAB \t\nlast").value();
  EXPECT_EQ(list.size(), 4U);
  for (const auto* subject : {"D-7", "the driver of TRK-1", "Zo\xC3\xAB", "last"})
    EXPECT_TRUE(list.contains(subject)) << subject;
  for (const auto* subject : {"", "D-", "D-77", "d-7", "the", " D-7"}) EXPECT_FALSE(list.contains(subject)) << subject;
}

TEST(SubjectList, LeavesCommentsOut) {
  const auto list = subject_list::read("# phones that were lost\nD-7  # on Monday\n  #D-8\nno#comment\n").value();
  EXPECT_EQ(list.size(), 3U);
  EXPECT_TRUE(list.contains("D-7"));
  EXPECT_TRUE(list.contains("D-7  # on Monday")) << "it might be a subject";
  EXPECT_TRUE(list.contains("no#comment"));
}

TEST(SubjectList, MayBeEmpty) {
  for (const auto* text : {"", "\n\n", "# nobody", "\xEF\xBB\xBF"}) EXPECT_TRUE(subject_list::read(text)->empty()) << text;
  EXPECT_TRUE(subject_list::read("\xEF\xBB\xBF"
                                 "D-7")
                  ->contains("D-7"));
}

TEST(SubjectList, RefusesALineThatCouldRevokeNobody) {
  EXPECT_EQ(subject_list::read("D-7\nD-\x01\n").error().what, "has a control character in line 2");
  EXPECT_FALSE(subject_list::read(std::string_view{"a\0b", 3}));
}

TEST(SubjectList, ComesFromAFileThatNotEverybodyMayChange) {
  auto name = (std::filesystem::temp_directory_path() / "haulcast-subjects-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path{name} / "revoked";
  EXPECT_EQ(load_subjects(file).error().what, file.string() + " cannot be read: No such file or directory");
  std::ofstream{file} << "D-7\n";
  EXPECT_TRUE(load_subjects(file)->contains("D-7"));
  ::chmod(file.c_str(), 0666);
  EXPECT_EQ(load_subjects(file).error().what, file.string() + " may be changed by everyone; run chmod o-w on it");
  ::chmod(file.c_str(), 0644);
  std::filesystem::create_symlink(file, file.string() + ".link");
  EXPECT_TRUE(load_subjects(file.string() + ".link")) << "that is how secrets are mounted";
  ASSERT_EQ(::mkfifo((file.string() + ".pipe").c_str(), 0600), 0);
  EXPECT_EQ(load_subjects(file.string() + ".pipe").error().what, file.string() + ".pipe is not a regular file");
  EXPECT_FALSE(load_subjects(name));
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace haulcast::auth
