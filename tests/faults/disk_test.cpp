// The disk that forgets, tested by itself: a fault in it would make the power cuts blind.
#include "faults/disk.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "support/temp_directory.hpp"

namespace haulcast::faults {
namespace {

namespace fs = std::filesystem;

/// Writes logs as the library does.
class log_writer {
 public:
  explicit log_writer(fs::path path) : path_{std::move(path)}, out_{path_, std::ios::binary} {}
  std::uint64_t note(entry_header head, std::string_view name = {}, std::string_view bytes = {}) {
    head.number = ++number_;
    head.name_bytes = static_cast<std::uint32_t>(name.size());
    head.data_bytes = static_cast<std::uint32_t>(bytes.size());
    out_.write(reinterpret_cast<const char*>(&head), sizeof head);
    out_ << name << bytes << std::flush;
    return number_;
  }
  void create(std::uint64_t file, std::string_view name) { note({.kind = entry_kind::opened, .file = file, .size = 1}, name); }
  void open(std::uint64_t file, std::string_view name) { note({.kind = entry_kind::opened, .file = file}, name); }
  std::uint64_t write(std::uint64_t file, std::uint64_t offset, std::string_view bytes) {
    return note({.kind = entry_kind::written, .file = file, .offset = offset, .size = bytes.size()}, {}, bytes);
  }
  void resize(std::uint64_t file, std::uint64_t size) { note({.kind = entry_kind::resized, .file = file, .size = size}); }
  void sync(std::uint64_t file) { note({.kind = entry_kind::synced, .file = file, .offset = number_}); }
  void sync(std::uint64_t file, std::uint64_t upto) { note({.kind = entry_kind::synced, .file = file, .offset = upto}); }
  void fail_sync(std::uint64_t file) { note({.kind = entry_kind::sync_failed, .file = file, .offset = number_}); }
  void sync_names(std::uint64_t directory) {
    open(directory, "");
    sync(directory);
  }
  void name(entry_kind kind, std::string_view names) { note({.kind = kind}, names); }

 private:
  fs::path path_;
  std::ofstream out_;
  std::uint64_t number_ = 0;
};

/// What can be left of a story by power cuts: the content of file "f", or "gone".
template <class Story>
std::set<std::string> left_by(Story&& tell, int cuts = 60) {
  std::set<std::string> all;
  for (int seed = 1; seed <= cuts; ++seed) {
    const support::temp_directory scratch;
    fs::create_directory(scratch / "disk");
    disk d{scratch / "disk"};
    std::mt19937_64 dice{static_cast<std::uint64_t>(seed)};
    {
      log_writer log{scratch / "log"};
      tell(log);
    }
    d.replay(scratch / "log", dice);
    d.cut(dice);
    std::ifstream file{scratch / "disk/f", std::ios::binary};
    all.insert(file ? std::string{std::istreambuf_iterator<char>{file}, {}} : "gone");
  }
  return all;
}

using texts = std::set<std::string>;

TEST(ForgetfulDisk, WhatIsSyncedWithItsNameStays) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.write(1, 0, "abc");
              log.sync(1);
              log.sync_names(2);
            }),
            texts{"abc"});
}

TEST(ForgetfulDisk, ANameIsNotDurableBeforeItsDirectoryIsSynced) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.write(1, 0, "abc");
              log.sync(1);
            }),
            (texts{"abc", "gone"}));
}

TEST(ForgetfulDisk, BytesAndSizeMayComeWithoutEachOther) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              log.write(1, 0, "abc");
            }),
            (texts{"", "abc", std::string(3, '\0')}));
}

TEST(ForgetfulDisk, ASyncCoversWhatWasThereWhenItBegan) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              const auto first = log.write(1, 0, "abc");
              log.write(1, 0, "xyz");
              log.sync(1, first);
            }),
            (texts{"abc", "xyz"}));
}

TEST(ForgetfulDisk, ALaterBlockMayStayWithoutAnEarlierOne) {
  const std::string one(4096, '1'), two(4096, '2'), none(4096, '\0');
  const auto left = left_by(
      [&](log_writer& log) {
        log.create(1, "f");
        log.sync_names(2);
        log.write(1, 0, one);
        log.write(1, 4096, two);
      },
      200);
  EXPECT_TRUE(left.contains(none + two));
  EXPECT_TRUE(left.contains(one + none));
  EXPECT_TRUE(left.contains(one + two));
  EXPECT_TRUE(left.contains(""));
  EXPECT_GT(left.size(), 20U) << "torn inside as well";
}

TEST(ForgetfulDisk, ABlockIsWrittenAsAWhole) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              log.write(1, 0, "aaaa");
              log.sync(1);
              log.write(1, 0, "b");
              log.write(1, 1, "b");
            }),
            (texts{"aaaa", "baaa", "bbaa"}));
}

TEST(ForgetfulDisk, AResizeThatIsNotSyncedMayBeGone) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              log.write(1, 0, "abc");
              log.sync(1);
              log.resize(1, 1);
            }),
            (texts{"a", "abc"}));
}

TEST(ForgetfulDisk, ARenamingIsWholeOrNot) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.write(1, 0, "old");
              log.sync(1);
              log.create(2, "new");
              log.write(2, 0, "new");
              log.sync(2);
              log.sync_names(3);
              log.name(entry_kind::renamed, std::string_view{"new\0f", 5});
            }),
            (texts{"new", "old"}));
}

TEST(ForgetfulDisk, ARemovalMayComeBack) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.write(1, 0, "abc");
              log.sync(1);
              log.sync_names(2);
              log.name(entry_kind::removed, "f");
            }),
            (texts{"abc", "gone"}));
}

TEST(ForgetfulDisk, NoLaterSyncBringsBackWhatAFailedOneTook) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              log.write(1, 0, "abc");
              log.fail_sync(1);
              log.sync(1);
            }),
            (texts{"", "abc", std::string(3, '\0')}));
}

TEST(ForgetfulDisk, WhatIsWrittenAnewAfterAFailedSyncIsSynced) {
  EXPECT_EQ(left_by([](log_writer& log) {
              log.create(1, "f");
              log.sync_names(2);
              log.write(1, 0, "abc");
              log.fail_sync(1);
              log.write(1, 0, "abc");
              log.sync(1);
            }),
            texts{"abc"});
}

TEST(ForgetfulDisk, RemembersAcrossProcessesAndToleratesATornLog) {
  const support::temp_directory scratch;
  fs::create_directory(scratch / "disk");
  disk d{scratch / "disk"};
  std::mt19937_64 dice{1};
  {
    log_writer log{scratch / "log"};
    log.create(1, "f");
    log.write(1, 0, "abc");
    log.sync_names(2);
  }
  fs::resize_file(scratch / "log", fs::file_size(scratch / "log") - 5);
  std::ofstream{scratch / "disk/f"} << "abc";
  d.replay(scratch / "log", dice);
  EXPECT_TRUE(d.differences().empty());
  {
    log_writer log{scratch / "log"};
    log.open(1, "f");
    log.sync(1);
    log.sync_names(2);
  }
  d.replay(scratch / "log", dice);
  d.cut(dice);
  std::ifstream file{scratch / "disk/f"};
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>{file}, {}}), "abc");
  std::ofstream{scratch / "disk/f"} << "abd";
  std::ofstream{scratch / "disk/g"} << "";
  EXPECT_EQ(d.differences().size(), 2U);
}

}  // namespace
}  // namespace haulcast::faults
