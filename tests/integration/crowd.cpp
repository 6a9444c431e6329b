#include "integration/crowd.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "integration/story.hpp"

namespace haulcast::support {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

std::string frame_of(std::string_view text) {
  std::string frame{"\x81", 1};
  if (text.size() < 126) {
    frame += static_cast<char>(0x80U | text.size());
  } else {
    frame += static_cast<char>(0x80U | 126U);
    frame += static_cast<char>(text.size() >> 8U);
    frame += static_cast<char>(text.size() & 0xFFU);
  }
  frame += std::string(4, '\0');  // a mask that changes nothing
  return frame.append(text);
}

void wait_for(bool done, const char* what) {
  if (!done) throw std::runtime_error{std::string{"a subscriber cannot "} + what + ": " + std::strerror(errno)};
}

void receive_little(int socket) {
  const int bytes = 4'096;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void drop_all_that_comes(int socket) {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &nothing};
  wait_for(::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0, "drop what comes");
}

std::string command_of(conduct how, std::size_t number, const std::string& since) {
  if (how == conduct::silent) return R"({"type":"subscribe","trucks":["QUIET-)" + std::to_string(number) + R"("]})";
  if (how == conduct::floods || how == conduct::byte_by_byte) return R"({"type":"ping"})";
  if (since.empty()) return R"({"type":"subscribe","all":true})";
  return R"({"type":"subscribe","bbox":[8,59,9,61],"since":")" + since + R"("})";
}

}  // namespace

std::string_view to_string(conduct how) {
  switch (how) {
    case conduct::silent: return "silent";
    case conduct::never_reads: return "never reads";
    case conduct::reads_slowly: return "reads slowly";
    case conduct::vanishes: return "vanishes without FIN";
    case conduct::floods: return "floods commands";
    case conduct::byte_by_byte: return "a byte at a time";
    case conduct::reads_all: return "comes back with since";
  }
  return "";
}

crowd::crowd(const client::base_url& to, const std::string& token, conduct how, std::size_t count, const std::string& since)
    : how_{how} {
  for (std::size_t i = 0; i < count; ++i) {
    members_.push_back(std::make_unique<member>());
    connect(*members_.back(), to, token, command_of(how, i, since));
  }
  thread_ = std::thread{[this] { tend(); }};
}

crowd::~crowd() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& m : members_) {
    // A reset: ten thousand of them must not stay behind in TIME_WAIT.
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(m->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(m->socket);
  }
}

void crowd::connect(member& m, const client::base_url& to, const std::string& token, const std::string& command) const {
  m.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  wait_for(m.socket >= 0, "have a socket");
  if (how_ == conduct::never_reads || how_ == conduct::reads_slowly) receive_little(m.socket);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(to.port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof address);
  wait_for(::connect(m.socket, &generic, sizeof generic) == 0, "connect");
  const std::string hello =
      "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
      "Authorization: Bearer " +
      token + "\r\n\r\n" + (how_ == conduct::byte_by_byte ? "" : frame_of(command));
  wait_for(::send(m.socket, hello.data(), hello.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(hello.size()), "say hello");
  char first = 0;
  wait_for(::recv(m.socket, &first, 1, 0) == 1, "be answered");
  if (how_ == conduct::vanishes) drop_all_that_comes(m.socket);
  ::fcntl(m.socket, F_SETFL, O_NONBLOCK);
}

void crowd::tend() {
  for (std::size_t round = 0; !ending_; ++round) {
    bool busy = false;
    for (const auto& m : members_) {
      if (ending_) return;
      busy |= tend(*m, round);
    }
    if (!busy) std::this_thread::sleep_for(1ms);
  }
}

// True: there may be more to do for it at once.
bool crowd::tend(member& m, std::size_t round) {
  switch (how_) {
    case conduct::never_reads:
    case conduct::vanishes: return false;
    case conduct::silent:
      if (round % 50 == 0) read(m, 4'096);
      return false;
    case conduct::reads_slowly:
      if (round % 50 == 0) read(m, 2'048);
      return false;
    case conduct::reads_all: return read(m, 256 << 10) > 0;
    case conduct::floods:
      while (m.unsent.size() < 16'384) m.unsent += frame_of(R"({"type":"ping"})");
      if (const auto sent = ::send(m.socket, m.unsent.data(), m.unsent.size(), MSG_NOSIGNAL); sent > 0) {
        m.unsent.erase(0, static_cast<std::size_t>(sent));
      }
      read(m, 64 << 10);
      return false;
    case conduct::byte_by_byte:
      if (m.unsent.empty()) m.unsent = frame_of(R"({"type":"ping"})");
      if (::send(m.socket, m.unsent.data(), 1, MSG_NOSIGNAL) == 1) m.unsent.erase(0, 1);
      read(m, 256);
      return false;
  }
  return false;
}

std::size_t crowd::read(member& m, std::size_t bytes_max) {
  static thread_local std::array<char, 64 << 10> buffer;
  std::size_t sum = 0;
  while (sum < bytes_max) {
    const auto size = ::recv(m.socket, buffer.data(), std::min(buffer.size(), bytes_max - sum), 0);
    if (size <= 0) break;
    if (how_ == conduct::reads_all) count_events(m, {buffer.data(), static_cast<std::size_t>(size)});
    sum += static_cast<std::size_t>(size);
  }
  return sum;
}

void crowd::count_events(member& m, std::string_view bytes) {
  constexpr std::string_view mark = R"("id":")";
  constexpr std::size_t id_bytes = 22;
  m.tail += bytes;
  const std::string_view all = m.tail;
  std::size_t done = 0;
  for (std::size_t at = all.find(mark); at != all.npos && at + mark.size() + id_bytes <= all.size();
       at = all.find(mark, done)) {
    const std::string_view id = all.substr(at + mark.size(), id_bytes);
    if (id <= m.last_id) out_of_order_ = true;
    m.last_id = id;
    m.events.fetch_add(1, std::memory_order_relaxed);
    done = at + mark.size() + id_bytes;
  }
  done = std::max(done, all.size() - std::min(all.size(), mark.size() + id_bytes));
  m.tail.erase(0, done);
}

std::size_t crowd::with_events(std::size_t events) const {
  return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(), [events](const auto& m) {
    return m->events.load(std::memory_order_relaxed) >= events;
  }));
}

good_subscriber::good_subscriber(server& s) : admin_{s.as()}, ws_{s.ws()}, begin_ms_{now_ms() - 3'600'000} {
  if (const auto refused = ws_.connect()) throw std::runtime_error{refused->what};
  nlohmann::json names = nlohmann::json::array();
  for (int truck = 0; truck < trucks; ++truck) names.push_back("GOOD-" + std::to_string(truck));
  subscribe(ws_, {{"trucks", names}});
}

good_subscriber::latency good_subscriber::observe(milliseconds length) {
  std::vector<double> took_ms;
  const auto until = clock::now() + length;
  while (clock::now() < until) {
    ++step_;
    const std::string due = rfc3339(begin_ms_ + step_ * 100);
    std::vector<nlohmann::json> positions;
    for (int truck = 0; truck < trucks; ++truck) {
      auto p = driving("GOOD-" + std::to_string(truck), begin_ms_, 0);
      p["timestamp"] = due;
      positions.push_back(std::move(p));
    }
    for (int i = 0; i < others; ++i) {
      auto p = driving("OTHER-" + std::to_string((step_ * others + i) % 500), begin_ms_, 0);
      p["timestamp"] = due;
      positions.push_back(std::move(p));
    }
    const auto sent = clock::now();
    must_post(admin_, std::move(positions));
    for (int left = trucks; left > 0;) {
      const auto frame = next_frame(ws_, "positions", 60s);
      if (frame.is_null()) return {};
      for (const auto& p : frame.at("positions")) {
        EXPECT_EQ(p.at("timestamp"), due) << "of " << p.at("truck_id") << ": missing, twice or out of order";
        --left;
      }
    }
    took_ms.push_back(std::chrono::duration<double, std::milli>(clock::now() - sent).count());
    std::this_thread::sleep_until(sent + 10ms);
  }
  std::sort(took_ms.begin(), took_ms.end());
  const auto at = [&](double share) {
    return took_ms[std::min(took_ms.size() - 1, static_cast<std::size_t>(share * static_cast<double>(took_ms.size())))];
  };
  return {.p50_ms = at(0.5), .p99_ms = at(0.99)};
}

double resident_bytes(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * 1024;
  }
  return 0;
}

double metric_of(server& s, std::string_view sample) {
  auto admin = s.as();
  return metric(admin.get("/metrics").raw.body, sample).value_or(0);
}

}  // namespace haulcast::support
