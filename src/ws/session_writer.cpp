// The writer: everything that waits goes out together, one write at a time.
#include "session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t replies_max = 64ULL << 10;  // above it the client's commands wait
constexpr std::size_t write_bytes = 64ULL << 10;  // about what goes into one write
constexpr std::size_t turn_bytes = 256ULL << 10;  // written in one turn of the loop at most
constexpr std::size_t snapshot_positions = 500;   // in one frame
constexpr std::size_t snapshot_scan = 2'000;      // trucks looked at for one frame: below 0.1 ms
constexpr std::size_t rated_bytes = 1ULL << 20;   // in one frame when there is one now and then
constexpr std::uint16_t went = 1006;

// Assigning {} would keep the memory.
void release(std::string& text) { std::string{}.swap(text); }

}  // namespace

void session::pump() {
  if (writing_ || dropped_) return;
  std::size_t written_now = 0;
  while (true) {
    if (out_.empty()) fill();
    if (out_.empty()) return;
    boost::system::error_code error;
    const std::size_t size = socket_.write_some(net::buffer(out_.data() + out_sent_, out_.size() - out_sent_), error);
    if (error && error != net::error::would_block) return drop(went);
    written(size);
    written_now += size;
    if (!error && written_now < turn_bytes) continue;
    writing_ = true;
    auto self = shared_from_this();
    if (error)
      socket_.async_wait(net::ip::tcp::socket::wait_write,
                         [self](boost::system::error_code failed) { self->write_on(failed, true); });
    else
      net::post(socket_.get_executor(), [self] { self->write_on({}, false); });
    return;
  }
}

// Room in a buffer that was full: the peer took some. One that reads slowly may not come to its ping for long.
void session::write_on(boost::system::error_code failed, bool peer_took) {
  writing_ = false;
  if (dropped_) return;
  if (failed) return drop(went);
  heard_ |= peer_took;
  if (peer_took && closing_ && !owner_.closing_ && clock::now() < close_at_most_) await_close();
  pump();
}

void session::written(std::size_t bytes) {
  ++owner_.metrics_.writes;
  owner_.metrics_.bytes_out += bytes;
  out_sent_ += bytes;
  if (out_sent_ < out_.size()) return;
  out_sent_ = 0;
  if (out_.capacity() > write_bytes / 16)
    release(out_);
  else
    out_.clear();
  if (close_sent_ && peer_closed_) return drop(close_code_);
  if (close_sent_) {
    boost::system::error_code ignored;
    socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  }
  if (room_ && replies_.size() <= replies_max) room_->cancel();
}

// Everything that waits goes out together.
void session::fill() {
  if (close_sent_) return;
  out_.swap(replies_);
  if (closing_) {
    close_sent_ = true;
    return;
  }
  waiting.take_events(out_, write_bytes);
  if (snapshot_) fill_snapshot();
  if (waiting.has_positions()) fill_positions();
}

void session::append_positions(std::string_view joined) {
  joined.remove_prefix(1);  // the comma before the first
  const std::size_t size = wire::positions_frame_open.size() + joined.size() + wire::positions_frame_close.size();
  out_ += wire::make_ws_header(wire::ws_opcode::text, size).view();
  out_ += wire::positions_frame_open;
  out_ += joined;
  out_ += wire::positions_frame_close;
}

void session::fill_positions() {
  const bool rated = position_interval_ > clock::duration{};
  if (rated && waiting.taken() >= burst_until_) {
    const auto now = clock::now();
    if (now < next_positions_) {
      if (!rate_timer_) rate_timer_ = std::make_unique<net::steady_timer>(socket_.get_executor());
      if (rate_timer_->expiry() != next_positions_) {
        rate_timer_->expires_at(next_positions_);
        rate_timer_->async_wait([self = shared_from_this()](boost::system::error_code error) {
          if (!error) self->pump();
        });
      }
      return;
    }
    next_positions_ = now + position_interval_;
    burst_until_ = waiting.taken() + waiting.positions();
  }
  std::string joined;
  waiting.take_positions(joined, rated ? rated_bytes : write_bytes);
  append_positions(joined);
}

void session::fill_snapshot() {
  const pipeline::view& live = owner_.pipeline_.live();
  const hub::hub& fan_out = owner_.hub_;
  std::string joined;
  std::size_t positions = 0;
  const auto append = [&](engine::truck_index truck, engine::offset_t subscribed_at) {
    const pipeline::told_truck& t = live.at(truck);
    if (!t.has_position || t.position_told > subscribed_at || fan_out.waits_for(*this, truck)) return;
    joined += ',';
    wire::append_position(joined, t.id, t.newest.get());
    ++positions;
  };
  std::size_t looked_at = 0;
  for (; !snapshot_->trucks.empty() && positions < snapshot_positions && looked_at < snapshot_scan; ++looked_at) {
    const snapshot::named& next = snapshot_->trucks.front();
    const auto known = live.find(next.truck_id);
    if (known && fan_out.follows(*this, next.truck_id)) append(*known, next.told);
    snapshot_->trucks.pop_front();
  }
  for (; snapshot_->scan && positions < snapshot_positions && looked_at < snapshot_scan; ++looked_at) {
    if (*snapshot_->scan >= live.size()) {
      snapshot_->scan.reset();
      break;
    }
    const engine::truck_index truck = (*snapshot_->scan)++;
    const pipeline::told_truck& t = live.at(truck);
    const auto& viewport = hub::hub::viewport(*this);
    if (hub::hub::follows_all(*this) ||
        (viewport && t.has_position && viewport->contains(t.newest.get().point) && may_see(t.id))) {
      append(truck, snapshot_->scan_told);
    }
  }
  if (positions > 0) append_positions(joined);
  if (snapshot_->trucks.empty() && !snapshot_->scan)
    snapshot_.reset();
  else if (out_.empty())
    net::post(socket_.get_executor(), [self = shared_from_this()] { self->pump(); });
}

}  // namespace haulcast::ws
