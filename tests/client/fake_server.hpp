// A server that knows just enough of the contract to be talked to, and fails on request. Its framing is Beast's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace haulcast::client {

struct fake_answer {
  unsigned status = 200;
  std::string body;
  std::map<std::string, std::string> headers;
};

struct fake_request {
  std::string method, target, body;            // decompressed
  std::map<std::string, std::string> headers;  // names in small letters
  std::size_t connection = 0;                  // numbered in order of arrival
};

/// Listens on a free port of 127.0.0.1 with a thread of its own until destroyed. Every method may be called at any time.
/// POST /v1/positions: judges identity (truck_id, timestamp), late, and latitudes beyond 90; keeps what it accepts. GET
/// /readyz: 200. GET /v1/ws: takes `haulcast.v1`, answers each text frame by what `on_frame` gives. Everything else: 404.
class fake_server {
 public:
  fake_server();
  ~fake_server();
  fake_server(const fake_server&) = delete;
  fake_server& operator=(const fake_server&) = delete;

  std::string url() const;
  std::uint16_t port() const;

  /// The next `times` requests (of any kind) get this and are not carried out.
  void answer_next(fake_answer answer, int times = 1);
  /// The next `times` requests are carried out, and the connection is closed instead of an answer.
  void lose_next(int times = 1);
  /// The next `times` requests get no answer at all, and the connection stays.
  void ignore_next(int times = 1);
  /// Requests with another token get 401.
  void expect_token(std::string token);
  /// Closes connections after each answer without saying so in it.
  void close_after_each(bool on);

  struct ws_reply {
    std::vector<std::string> frames;
    std::uint16_t close_code = 0;  // after the frames; 0: stays
    bool abort = false;            // after the frames: break the TCP connection
  };
  void on_frame(std::function<ws_reply(const std::string& frame)> reply);

  std::vector<fake_request> requests() const;
  std::vector<std::string> ws_frames() const;    // all text that came over WebSockets
  std::vector<std::uint16_t> ws_closes() const;  // codes that clients closed with
  /// Timestamps as sent, per truck, in the order in which they were accepted.
  std::map<std::string, std::vector<std::string>> held() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
