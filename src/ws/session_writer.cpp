// The writer: everything that waits goes out together, one write at a time.
#include "session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "haulcast/base/free_memory.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t write_bytes = 64ULL << 10;  // about what goes into one write
constexpr std::size_t turn_bytes = 256ULL << 10;  // written in one turn of the loop at most
constexpr std::size_t snapshot_positions = 100;   // in one frame: whoever does not take it holds no more
constexpr std::size_t snapshot_scan = 2'000;      // trucks looked at for one frame: below 0.1 ms
constexpr std::size_t rated_bytes = 1ULL << 20;   // in one frame when there is one now and then
constexpr std::size_t kept_bytes = 256ULL << 10;  // by each of the buffers that all share
constexpr std::uint16_t went = 1006;

}  // namespace

// What goes out is put together in a buffer that all share; only what the socket does not take at once is kept here.
void session::pump() {
  if (writing_ || dropped_) return;
  std::string& fresh = owner_.fresh_;
  for (std::size_t written_now = 0;;) {
    fresh.clear();
    if (out_.empty()) fill(fresh);
    const std::string_view text = out_.empty() ? fresh : std::string_view{out_}.substr(out_sent_);
    if (text.empty()) break;
    boost::system::error_code error;
    const std::size_t size = send(text, error);
    if (error && error != net::error::would_block) return drop(went);
    written(text, size);
    written_now += size;
    if (dropped_) return;
    if (!error && written_now < turn_bytes) continue;
    return go_on_later(error == net::error::would_block);
  }
  if (fresh.capacity() > kept_bytes) free_memory(fresh);
  listen();
  if (snapshot_ || (past_ && !past_->reading)) want_turn();
}

std::size_t session::send(std::string_view text, boost::system::error_code& failed) {
  return tls_ ? tls_->write_some(text, failed) : socket_.write_some(net::buffer(text), failed);
}

void session::go_on_later(bool once_writable) {
  writing_ = true;
  auto self = shared_from_this();
  if (once_writable)
    socket_.async_wait(socket::wait_write, [self](boost::system::error_code failed) { self->write_on(failed, true); });
  else
    net::post(socket_.get_executor(), [self] { self->write_on({}, false); });
}

// Room in a buffer that was full: the peer took some. One that reads slowly may not come to its ping for long.
void session::write_on(boost::system::error_code failed, bool peer_took) {
  writing_ = false;
  if (dropped_) return;
  if (failed) return drop(went);
  heard_ |= peer_took;
  if (peer_took && closing_ && !owner_.closing_ && clock::now() < parting_->at_most) await_close();
  pump();
}

// `text`: all that was to be written.
void session::written(std::string_view text, std::size_t bytes) {
  ++owner_.metrics_.writes;
  owner_.metrics_.bytes_out += bytes;
  if (bytes < text.size()) {
    if (out_.empty())
      out_ = text.substr(bytes);
    else
      out_sent_ += bytes;
    return;
  }
  free_memory(out_);
  out_sent_ = 0;
  if (close_sent_ && peer_closed_) return drop(close_code_);
  if (close_sent_) {
    if (tls_) tls_->close_notify();
    boost::system::error_code ignored;
    socket_.shutdown(socket::shutdown_send, ignored);
  }
}

// Everything that waits goes out together.
void session::fill(std::string& out) {
  if (close_sent_) return;
  if (!replies_.empty()) {
    out += replies_;
    free_memory(replies_);
  }
  if (closing_) {
    close_sent_ = true;
    return;
  }
  waiting.take_events(out, write_bytes);
  if (!waiting.has_positions() || !its_time()) return;
  std::string& joined = owner_.joined_;
  joined.clear();
  waiting.take_positions(joined, pace_ ? rated_bytes : write_bytes);
  append_positions(out, joined);
  if (joined.capacity() > kept_bytes) free_memory(joined);
}

void session::append_positions(std::string& out, std::string_view joined) {
  joined.remove_prefix(1);  // the comma before the first
  const std::size_t size = wire::positions_frame_open.size() + joined.size() + wire::positions_frame_close.size();
  out += wire::make_ws_header(wire::ws_opcode::text, size).view();
  out += wire::positions_frame_open;
  out += joined;
  out += wire::positions_frame_close;
}

// With a rate: what waits when it is due goes out, however many frames that takes.
bool session::its_time() {
  if (!pace_ || waiting.taken() < pace_->burst_until) return true;
  const auto now = clock::now();
  if (now >= pace_->next) {
    pace_->next = now + pace_->interval;
    pace_->burst_until = waiting.taken() + waiting.positions();
    return true;
  }
  if (pace_->timer.expiry() != pace_->next) {
    pace_->timer.expires_at(pace_->next);
    pace_->timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->pump();
    });
  }
  return false;
}

/// One frame of it.
void session::fill_snapshot() {
  std::string joined;
  std::size_t left = snapshot_positions;
  std::size_t looked_at = 0;
  for (; !snapshot_->trucks.empty() && left > 0 && looked_at < snapshot_scan; ++looked_at) {
    const snapshot::named& next = snapshot_->trucks.front();
    const auto known = owner_.pipeline_.live().find(next.truck_id);
    if (known && owner_.hub_.follows(*this, next.truck_id) && append_newest(joined, *known, next.told)) --left;
    snapshot_->trucks.pop_front();
  }
  for (; snapshot_->scan && left > 0 && looked_at < snapshot_scan; ++looked_at) {
    if (*snapshot_->scan >= owner_.pipeline_.live().size()) {
      snapshot_->scan.reset();
    } else {
      const engine::truck_index truck = (*snapshot_->scan)++;
      if (looks_at(truck) && append_newest(joined, truck, snapshot_->scan_told)) --left;
    }
  }
  if (!joined.empty()) append_positions(replies_, joined);
  if (snapshot_->trucks.empty() && !snapshot_->scan) snapshot_.reset();
}

bool session::looks_at(engine::truck_index truck) const {
  if (hub::hub::follows_all(*this)) return true;
  const pipeline::told_truck& t = owner_.pipeline_.live().at(truck);
  const auto& viewport = hub::hub::viewport(*this);
  return viewport && t.has_position && viewport->contains(t.newest.get().point) && may_see(t.id);
}

bool session::append_newest(std::string& joined, engine::truck_index truck, engine::offset_t subscribed_at) const {
  const pipeline::told_truck& t = owner_.pipeline_.live().at(truck);
  if (!t.has_position || t.position_told > subscribed_at || owner_.hub_.waits_for(*this, truck)) return false;
  joined += ',';
  wire::append_position(joined, t.id, t.newest.get());
  return true;
}

}  // namespace haulcast::ws
