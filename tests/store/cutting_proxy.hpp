// Stands between a client and PostgreSQL's Unix socket, and cuts the connection inside of COMMIT.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace haulcast::store::story {

/// Listens on a free port of 127.0.0.1. Connections are carried byte by byte until a message of the client has the word COMMIT
/// and a cut is asked for.
class cutting_proxy {
 public:
  enum class cut : std::uint8_t {
    none,
    before,  // the server never hears of it
    inside,  // the server hears the first half of it, and then nothing more
    after,   // the server does it, and the client is not told
    later,   // the client is cut off at once, and the server hears of it when release() is called
  };

  explicit cutting_proxy(std::filesystem::path socket);
  ~cutting_proxy();
  cutting_proxy(const cutting_proxy&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  /// The next COMMIT, once.
  void cut_next(cut how) noexcept {
    released_ = false;
    next_ = how;
  }
  bool has_cut() const noexcept { return next_ == cut::none; }
  void release() noexcept { released_ = true; }
  /// Whoever comes is sent away while this holds; those who are there stay.
  void turn_away(bool whoever_comes) noexcept { turns_away_ = whoever_comes; }

 private:
  void accept_all();
  void carry(int client);
  void commit(int client, int server, const std::string& message, cut how);

  std::filesystem::path socket_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<cut> next_{cut::none};
  std::atomic<bool> released_{false};
  std::atomic<bool> turns_away_{false};
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;  // one for each connection; only the first one adds to it
  std::thread accepting_;
};

}  // namespace haulcast::store::story
