// Data directories that are not what the server left: damaged, torn, mixed up, somebody else's. It refuses with a sentence that
// names the file and what to do, or cuts off what a crash may have left half-written; it never goes on without what it told.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "integration/failing_server.hpp"
#include "integration/raw_connection.hpp"

namespace haulcast::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

std::string content(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}
void write(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<fs::path> segments_of(const fs::path& data) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator{data / "journal"})
    if (entry.path().extension() == ".segment") all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

constexpr std::size_t segment_header_bytes = 64;
constexpr std::size_t group_header_bytes = 40;

/// Where the groups of a segment begin; last, where it ends.
std::vector<std::size_t> groups_of(const std::string& segment) {
  std::vector<std::size_t> all;
  std::size_t at = segment_header_bytes;
  while (at + group_header_bytes <= segment.size()) {
    all.push_back(at);
    std::uint32_t payload = 0;
    std::memcpy(&payload, segment.data() + at + 4, sizeof payload);
    at += group_header_bytes + payload;
  }
  all.push_back(at);
  return all;
}

/// How `haulcast` with these arguments takes to a data directory.
struct reception {
  bool began = false;  // and was asked to leave
  int code = -1;
  std::string said;
};

/// What it says last, to whoever started it.
std::string sentence_of(const reception& r) {
  const auto at = r.said.find("haulcast: ");
  return at == std::string::npos ? "" : r.said.substr(at, r.said.find('\n', at) - at);
}

reception serve_on(const fs::path& data) {
  const temp_directory scratch;
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = {"serve"};
  o.environment = {{"HAULCAST_DATA_DIR", data.string()},
                   {"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"},
                   {"HAULCAST_AUTH__HS256_SECRET", std::string{server::secret()}}};
  o.directory = scratch.path();
  o.stderr_file = scratch / "stderr";
  child_process child{o};
  reception r;
  r.began = child.read_line(20s).has_value();
  if (r.began) child.signal(SIGTERM);
  r.code = child.wait(20s).value_or(child_exit{}).code;
  r.said = content(scratch / "stderr");
  return r;
}

reception verify(const fs::path& data, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), "verify");
  const auto ended = run_to_end(
      {.program = HAULCAST_BINARY, .arguments = std::move(arguments), .environment = {{"HAULCAST_DATA_DIR", data.string()}}});
  return {ended.exit.code == 0, ended.exit.code, ended.out + ended.err};
}

/// A journal of two full segments and a third with some small groups, made once.
class Damage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = std::make_unique<temp_directory>();
    server s{
        {.binary = HAULCAST_BINARY,
         .environment = {{"HAULCAST_DATA_DIR", (*made_ / "data").string()}, {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"}}}};
    auto admin = s.as();
    const auto begin = now_ms() - 3'600'000;
    int step = 0;
    for (int bulk = 0; bulk < 6; ++bulk) {
      std::vector<json> positions;
      for (int i = 0; i < 500; ++i) {
        positions.push_back(driving("BULK-" + std::to_string(i % 8), begin, ++step));
        positions.back()["attributes"] = {{"bulk", noise(900, static_cast<unsigned>(step))}};
      }
      must_post(admin, positions);
    }
    for (int i = 0; i < 6; ++i) must_post(admin, {driving("TRK-1", begin, i)});
    s.stop();
  }
  static void TearDownTestSuite() { made_.reset(); }

  void SetUp() override { restore(); }
  void restore() {
    fs::remove_all(data_);
    fs::copy(*made_ / "data", data_, fs::copy_options::recursive);
    segments_ = segments_of(data_);
    ASSERT_EQ(segments_.size(), 3U);
  }

  void expect_refused(const reception& r, const std::vector<std::string>& words) const {
    EXPECT_FALSE(r.began);
    EXPECT_NE(r.code, 0);
    const auto at = r.said.find("haulcast: ");
    ASSERT_NE(at, std::string::npos) << r.said;
    const std::string sentence = r.said.substr(at);
    EXPECT_EQ(std::count(sentence.begin(), sentence.end(), '\n'), 1) << sentence;
    for (const auto& word : words) EXPECT_NE(sentence.find(word), std::string::npos) << sentence << "\ndoes not say: " << word;
  }

  static std::unique_ptr<temp_directory> made_;
  temp_directory scratch_;
  fs::path data_ = scratch_ / "data";
  std::vector<fs::path> segments_;
};
std::unique_ptr<temp_directory> Damage::made_;

void flip(const fs::path& path, std::size_t at) {
  std::string bytes = content(path);
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x20);
  write(path, bytes);
}

TEST_F(Damage, AFlippedBitInTheNewestSegmentIsRefusedWithFileAndRecord) {
  const auto groups = groups_of(content(segments_.back()));
  ASSERT_GT(groups.size(), 5U);
  std::vector<std::size_t> places;
  for (const std::size_t group : {groups[0], groups[1], groups[groups.size() - 3]}) {  // any but the last one
    for (const std::size_t part : {0U, 4U, 8U, 16U, 20U, 24U, 32U, 40U, 60U}) places.push_back(group + part);
  }
  places.push_back(groups[1] - 1);
  std::string said;
  for (const std::size_t at : places) {
    SCOPED_TRACE("byte " + std::to_string(at));
    restore();
    flip(segments_.back(), at);
    const std::string before = content(segments_.back());
    const auto r = serve_on(data_);
    expect_refused(r, {segments_.back().string(), " record ", "backup"});
    EXPECT_EQ(r.code, 3);
    EXPECT_EQ(content(segments_.back()), before) << "what is refused is left as it is";
    said = sentence_of(r);
  }
  tell_row("flipped bytes in the newest journal file", "nothing", "nothing", "exit 3: " + said);
}

TEST_F(Damage, AFlippedBitInASegmentsHeaderIsRefused) {
  for (const fs::path& segment : std::vector<fs::path>{segments_}) {
    for (const std::size_t at : {0U, 8U, 12U, 16U, 47U, 48U, 56U, 63U}) {
      SCOPED_TRACE(segment.filename().string() + ", byte " + std::to_string(at));
      restore();
      flip(segment, at);
      const auto r = serve_on(data_);
      expect_refused(r, {segment.string()});
      EXPECT_EQ(r.code, 3);
    }
  }
}

TEST_F(Damage, ATornOrDamagedLastGroupIsCutOff) {
  const std::string whole = content(segments_.back());
  const auto groups = groups_of(whole);
  const std::size_t last = groups[groups.size() - 2];
  const std::size_t end = groups.back();
  const std::vector<std::function<std::string()>> ways{
      [&] { return whole.substr(0, last + 1); },
      [&] { return whole.substr(0, last + group_header_bytes - 1); },
      [&] { return whole.substr(0, last + group_header_bytes + 7); },
      [&] { return whole.substr(0, end - 1); },
      [&] { return whole.substr(0, last) + std::string(end - last, '\0'); },
      [&] { return whole + std::string(4096, '\0'); },
      [&] { return whole + whole.substr(last); },
      [&] { return whole + noise(3000, 1); },
  };
  for (std::size_t i = 0; i < ways.size(); ++i) {
    SCOPED_TRACE(i);
    restore();
    write(segments_.back(), ways[i]());
    const auto r = serve_on(data_);
    EXPECT_TRUE(r.began) << r.said;
    EXPECT_EQ(r.code, 0) << r.said;
    EXPECT_TRUE(verify(data_, {"--from-start"}).began);
  }
  tell_row("the newest journal file is torn in what was never acknowledged", "[200]", "[200]",
           "the torn end is cut off at start");
}

TEST_F(Damage, InAnOlderSegmentItIsFoundWhereItIsReadAndNamed) {
  const auto groups = groups_of(content(segments_.front()));
  std::vector<std::size_t> places{groups.back() - 1};
  for (const std::size_t part : {0U, 4U, 8U, 16U, 20U, 24U, 32U, 40U, 60U}) places.push_back(groups[1] + part);
  for (const std::size_t at : places) {
    SCOPED_TRACE("byte " + std::to_string(at));
    restore();
    flip(segments_.front(), at);
    expect_refused(serve_on(data_), {segments_.front().string(), "record ", "backup"});
    expect_refused(verify(data_, {"--from-start"}), {segments_.front().string(), "record ", "backup"});
  }
  for (const std::size_t length : {std::size_t{10}, segment_header_bytes, groups[1] + 10, groups[1] + group_header_bytes + 7,
                                   groups[2] - 5, groups.back() - 1}) {
    SCOPED_TRACE("cut off at " + std::to_string(length));
    restore();
    write(segments_.front(), content(segments_.front()).substr(0, length));
    expect_refused(serve_on(data_), {segments_.front().string(), "backup"});
  }
  restore();
  fs::remove(segments_[1]);
  const auto r = serve_on(data_);
  expect_refused(r, {"record ", "backup"});
  tell_row("flipped or torn bytes in an older journal file", "nothing", "nothing",
           "exit " + std::to_string(r.code) + ": " + sentence_of(r));
}

TEST_F(Damage, BehindTheSnapshotsItHoldsUpNobodyAndIsNamedWhenItIsRead) {
  server s{{.binary = HAULCAST_BINARY,
            .environment = {{"HAULCAST_DATA_DIR", data_.string()}, {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}}};
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 60'000, 1)});
  ASSERT_TRUE(eventually([&] { return metric(admin.get("/metrics").raw.body, "haulcast_snapshot_passes_total") >= 1; }));
  s.stop();
  flip(segments_.front(), groups_of(content(segments_.front()))[1] + group_header_bytes + 5);
  s.start();
  stream_reader stream{s.base(), s.token(), "/v1/events/stream?after=0", "application/x-ndjson"};
  while (stream.line()) {
  }
  EXPECT_TRUE(stream.over()) << "it goes on behind a gap";
  // Logging has a thread of its own, so the line may come behind the end of the stream.
  const std::string advice = "restore " + segments_.front().string() + " from a backup";
  EXPECT_TRUE(eventually([&] { return s.log().find(advice) != std::string::npos; })) << s.log();
  auto again = s.as();
  must_post(again, {driving("TRK-1", now_ms() - 60'000, 2)});
  EXPECT_EQ(again.get("/readyz").status, 200U);
  EXPECT_EQ(s.stop().code, 0);
  expect_refused(verify(data_, {"--from-start"}), {segments_.front().string(), "record ", "backup"});
  tell_row("the same, behind the snapshots", "[200]", "[200]",
           "event streams end there and the log names the file, `haulcast verify --from-start` too");
}

TEST_F(Damage, OfTheSnapshotsIsRefusedOrHarmless) {
  const auto database = data_ / "snapshots.sqlite";
  {
    server s{{.binary = HAULCAST_BINARY,
              .environment = {{"HAULCAST_DATA_DIR", data_.string()}, {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}}};
    auto admin = s.as();
    must_post(admin, {driving("TRK-1", now_ms() - 60'000, 1)});
    ASSERT_TRUE(eventually([&] { return metric(admin.get("/metrics").raw.body, "haulcast_snapshot_passes_total") >= 1; }));
    s.stop();
  }
  const std::string whole = content(database);
  const std::string world = verify(data_, {"--from-start"}).said;
  const std::string digest = world.substr(world.find("world "));
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 40 + 1) {
    SCOPED_TRACE("byte " + std::to_string(at));
    write(database, whole);
    flip(database, at);
    const auto r = verify(data_);
    if (r.began)
      EXPECT_EQ(r.said.substr(r.said.find("world ")), digest);
    else
      expect_refused(r, {database.string()});
  }
  tell_row("flipped bytes in the snapshots", "nothing", "nothing", "exit 3 naming the file, or the same world without them");
}

TEST_F(Damage, PartsOfAnotherJournalAreRefused) {
  const temp_directory elsewhere;
  {
    server other{{.binary = HAULCAST_BINARY, .environment = {{"HAULCAST_DATA_DIR", (elsewhere / "data").string()}}}};
    other.stop();
  }
  const auto all = fs::copy_options::overwrite_existing;
  fs::copy(elsewhere / "data/snapshots.sqlite", data_ / "snapshots.sqlite", all);
  expect_refused(serve_on(data_), {(data_ / "snapshots.sqlite").string(), "another journal"});
  restore();
  fs::copy(elsewhere / "data/journal/identity", data_ / "journal/identity", all);
  expect_refused(serve_on(data_), {segments_.front().string(), "another journal"});
  restore();
  fs::copy(segments_of(elsewhere / "data").front(), segments_.front(), all);
  expect_refused(serve_on(data_), {segments_.front().string(), "another journal"});
  restore();
  flip(data_ / "journal/identity", 3);
  expect_refused(serve_on(data_), {"another journal"});
  fs::remove(data_ / "journal/identity");
  const auto r = serve_on(data_);
  expect_refused(r, {"identity"});
  tell_row("files of another journal", "nothing", "nothing",
           "exit " + std::to_string(r.code) + ", and a sentence that names the file");
}

TEST_F(Damage, ADirectoryInUseIsRefusedAndItsServerGoesOn) {
  server first{{.binary = HAULCAST_BINARY, .environment = {{"HAULCAST_DATA_DIR", data_.string()}}}};
  const auto r = serve_on(data_);
  expect_refused(r, {data_.string(), "in use by another server", std::to_string(first.process().pid())});
  EXPECT_EQ(r.code, 3);
  auto admin = first.as();
  must_post(admin, {driving("TRK-1", now_ms() - 60'000, 1)});
  EXPECT_EQ(first.stop().code, 0);
  tell_row("the data directory is another server's", "[200] by that one", "[200]",
           "the second leaves with exit 3: " + sentence_of(r));
}

TEST_F(Damage, ADirectoryThatIsNotThereIsMadeAndSomebodyElsesIsRefused) {
  fs::remove_all(data_);
  EXPECT_TRUE(serve_on(data_).began);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(data_.c_str(), 12345, 12345), 0);
  const auto r = serve_on(data_);
  expect_refused(r, {data_.string(), "belongs to another user"});
  tell_row("the data directory is missing; is another user's", "[200]; nothing", "[200]; nothing", "it is made; exit 3");
}

}  // namespace
}  // namespace haulcast::support
