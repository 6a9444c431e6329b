#include "session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory_resource>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t replies_max = 64ULL << 10;  // above it the client's commands wait
constexpr auto bad_frame_window = 60s;

constexpr std::uint16_t went = 1006;
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t internal_error = 1011;
constexpr std::uint16_t try_again_later = 1013;
constexpr std::uint16_t token_ended = 4401;  // expired or revoked
constexpr std::uint16_t private_codes = 3000;

}  // namespace

session::session(live_server& owner, newcomer& one)
    : subscriber{owner.options_.outbox},
      owner_{owner},
      socket_{owner.loop_.get_executor()},
      tls_{std::move(one.secured)},
      who_{std::move(one.who)},
      counted_{std::move(one.counted)},
      decoder_{owner.options_.max_frame_bytes} {
  expires = who_->expires;
  floods_ = tls_ && tls_->has_more();
  const auto protocol = one.socket.local_endpoint().protocol();
  socket_.assign(protocol, one.socket.release());
  socket_.non_blocking(true);
}

bool session::may_see(std::string_view truck_id) const { return who_->may_see_truck(truck_id); }

void session::begin(newcomer& one) {
  safely([&] {
    replies_ = std::move(one.answer);
    if (!one.deliveries.empty())
      obey(wire::subscribe_command{.trucks = {},
                                   .deliveries = std::move(one.deliveries),
                                   .bbox = {},
                                   .all = false,
                                   .events = {},
                                   .max_rate_hz = {},
                                   .since = {}});
    if (!decode(one.received)) return drop(went);
    listen();
  });
}

void session::failed(const std::exception& surprise) {
  spdlog::error("a live connection ended unexpectedly: {}", surprise.what());
  drop(internal_error);
}

// Not while the client takes no replies: then the writer goes on with this.
void session::listen() {
  if (listening_ || dropped_ || replies_.size() > replies_max) return;
  listening_ = true;
  if (floods_) return want_turn();
  const auto readable = [self = shared_from_this()](boost::system::error_code failed) {
    self->listening_ = false;
    if (failed) return self->drop(went);
    self->safely([&] { self->read(); });
  };
  // Asio's own allocator hands out blocks of whatever was freed last; ten thousand of them would stay with those who wait.
  socket_.async_wait(for_room_ ? socket::wait_write : socket::wait_read,
                     net::bind_allocator(std::pmr::polymorphic_allocator<>{}, readable));
}

void session::read() {
  if (dropped_) return;
  auto& buffer = owner_.read_buffer_;
  boost::system::error_code error;
  const std::size_t size = receive(buffer, error);
  if (error && error != net::error::would_block) return drop(went);
  if (size > 0 && !decode({buffer.data(), size})) return drop(went);
  listen();
}

std::size_t session::receive(std::span<char> space, boost::system::error_code& failed) {
  if (!tls_) {
    const std::size_t size = socket_.read_some(net::buffer(space.data(), space.size()), failed);
    floods_ = size == space.size();
    return size;
  }
  const std::size_t size = tls_->read_some(space, failed);
  floods_ = tls_->has_more();
  for_room_ = failed == net::error::would_block && tls_->wants_write();
  return size;
}

void session::want_turn() {
  if (in_turns_ || dropped_) return;
  in_turns_ = true;
  owner_.take_turns(shared_from_this());
}

void session::take_turn() {
  in_turns_ = false;
  safely([this] {
    if (listening_ && floods_) {
      listening_ = false;
      read();
    }
    if (dropped_ || closing_ || writing_) return;
    if (past_) fill_past();
    if (snapshot_) fill_snapshot();
    pump();
  });
}

// False: the conversation is over.
bool session::decode(std::span<char> bytes) {
  heard_ = true;
  const auto failed = decoder_.feed(bytes, [this](const wire::ws_decoder::message& m) { obey(m); });
  if (failed) close(failed->close_code, failed->why);
  pump();
  return !(peer_closed_ && close_sent_ && out_.empty());
}

void session::obey(const wire::ws_decoder::message& m) {
  using kind = wire::ws_decoder::message::kind;
  if (closing_ && m.what != kind::close) return;
  switch (m.what) {
    case kind::ping: return send_frame(wire::ws_opcode::pong, m.payload);
    case kind::pong: return;
    case kind::close: peer_closed_ = true; return close(m.close_code, "");
    case kind::binary: return bad_frame("frame_not_text", "Frames are JSON in text frames.");
    case kind::text: break;
  }
  ++owner_.metrics_.commands;
  auto command = wire::parse_live_command(m.payload, owner_.options_.max_interests);
  if (!command) return bad_frame(command.error().code, command.error().detail);
  if (auto* const subscribe = std::get_if<wire::subscribe_command>(&*command)) return obey(std::move(*subscribe));
  if (const auto* const unsubscribe = std::get_if<wire::unsubscribe_command>(&*command)) return obey(*unsubscribe);
  std::string json;
  wire::append_pong(json);
  reply(json);
}

// What is followed already is no further interest, whoever names it again.
bool session::too_many(const wire::subscribe_command& command) const {
  const std::size_t most = owner_.options_.max_interests;
  const std::size_t now = hub::hub::interests(*this);
  if (now + command.trucks.size() + 2 <= most) return false;
  boost::unordered_flat_set<std::string_view> more;
  for (const std::string& id : command.trucks) {
    if (!owner_.hub_.follows(*this, id)) more.insert(id);
  }
  const bool all = command.all && !hub::hub::follows_all(*this);
  const bool viewport = command.bbox && !hub::hub::viewport(*this);
  return now + more.size() + (all ? 1 : 0) + (viewport ? 1 : 0) > most;
}

void session::obey(wire::subscribe_command command) {
  if (command.all && who_->who != auth::role::admin) {
    return bad_frame("not_allowed", "Only an admin may subscribe to all trucks.");
  }
  if (too_many(command)) {
    return bad_frame("too_many_interests", "The connection would have more interests than are allowed.");
  }
  if (command.since && catching_up) {
    return bad_frame("resume_in_progress", "The events since an earlier id are still being sent.");
  }
  std::vector<std::string> granted;
  std::vector<wire::denied_interest> denied;
  follow(command, granted, denied);
  for (std::string& id : command.deliveries) denied.push_back({wire::interest_kind::delivery, std::move(id)});
  const engine::offset_t told = owner_.pipeline_.told();
  if (command.all) owner_.hub_.follow_all(*this, true);
  if (command.bbox) owner_.hub_.look_at(*this, command.bbox);
  if (command.all || command.bbox) {
    if (!snapshot_) snapshot_ = std::make_unique<snapshot>();
    snapshot_->scan = 0;
    snapshot_->scan_told = told;
  }
  if (!command.events.empty()) narrow_to(wire::event_filter{std::move(command.events)});
  if (command.max_rate_hz) set_rate(*command.max_rate_hz);
  // Events that wait come first: they lie before the place that is told.
  waiting.take_events(replies_, waiting.pending_bytes());
  const bool resumes = command.since && reachable(*command.since);
  std::string json;
  const auto at = resumes ? *command.since : past_ ? past_->after : engine::event_id{told, engine::event_id::last_index};
  wire::append_subscribed(json, granted, {}, denied, at);
  reply(json);
  if (resumes)
    resume(*command.since);
  else if (command.since)
    tell_expired();
}

void session::follow(const wire::subscribe_command& command, std::vector<std::string>& granted,
                     std::vector<wire::denied_interest>& denied) {
  const pipeline::view& live = owner_.pipeline_.live();
  const engine::offset_t told = owner_.pipeline_.told();
  boost::unordered_flat_set<std::string_view> named;
  for (const std::string& id : command.trucks) {
    if (!named.insert(id).second) continue;
    if (!may_see(id)) {
      denied.push_back({wire::interest_kind::truck, id});
      continue;
    }
    const auto known = live.find(id);
    owner_.hub_.follow(*this, id, known);
    granted.push_back(id);
    if (!known || !live.at(*known).has_position) continue;
    if (!snapshot_) snapshot_ = std::make_unique<snapshot>();
    snapshot_->trucks.push_back({id, told});
  }
}

void session::set_rate(double hz) {
  if (!pace_) pace_ = std::make_unique<pace>(socket_.get_executor());
  pace_->interval = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / hz));
  pace_->next = std::min(pace_->next, clock::now() + pace_->interval);
  waiting.conflate_always(true);
}

void session::obey(const wire::unsubscribe_command& command) {
  for (const std::string& id : command.trucks) owner_.hub_.unfollow(*this, id);
  if (command.bbox) owner_.hub_.look_at(*this, std::nullopt);
  if (command.all) owner_.hub_.follow_all(*this, false);
  std::string json;
  wire::append_unsubscribed(json, command);
  reply(json);
}

// Answered, and the connection lives; but not for ever.
void session::bad_frame(std::string_view code, std::string_view detail) {
  ++owner_.metrics_.bad_frames;
  const auto now = clock::now();
  std::erase_if(bad_frames_, [now](clock::time_point t) { return now - t > bad_frame_window; });
  bad_frames_.push_back(now);
  std::string json;
  wire::append_error(json, code, detail);
  reply(json);
  if (bad_frames_.size() > owner_.options_.bad_frames_per_minute) close(policy_violation, "too many bad frames");
}

void session::reply(std::string_view json) { send_frame(wire::ws_opcode::text, json); }

void session::send_frame(wire::ws_opcode what, std::string_view payload) {
  if (closing_) return;
  replies_ += wire::make_ws_header(what, payload.size()).view();
  replies_ += payload;
}

void session::overflow() {
  net::post(socket_.get_executor(),
            [self = shared_from_this()] { self->close(try_again_later, "too slow: come back with since"); });
}

// The view's positions all count as told anew, so the rest of a snapshot could not be told from what comes by itself: it begins
// again, and what waits is in it.
void session::rebuilt() {
  if (!snapshot_ || closing_) return;
  const engine::offset_t told = owner_.pipeline_.told();
  waiting.drop_positions();
  *snapshot_ = {};
  for (std::string& id : owner_.hub_.followed(*this)) snapshot_->trucks.push_back({std::move(id), told});
  if (hub::hub::follows_all(*this) || hub::hub::viewport(*this)) snapshot_->scan = 0;
  snapshot_->scan_told = told;
}

void session::check_alive() {
  if (!std::exchange(heard_, false)) {
    ++owner_.metrics_.dead_peers;
    return drop(went);
  }
  send_frame(wire::ws_opcode::ping, "");
  pump();
}

void session::close(std::uint16_t code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  close_code_ = code == wire::ws_no_status ? 1000 : code;
  owner_.hub_.leave(*this);
  waiting.take_events(replies_, waiting.pending_bytes());
  waiting.drop_positions();
  replies_ += wire::make_close_frame(code, reason);
  past_.reset();
  snapshot_.reset();
  parting_ = std::make_unique<parting>(socket_.get_executor());
  const auto& options = owner_.options_;
  parting_->at_most = clock::now() + (code == token_ended ? 2 * options.close_timeout : options.ping_interval);
  await_close();
  pump();
}

void session::await_close() {
  parting_->timer.expires_after(owner_.options_.close_timeout);
  parting_->timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->drop(went);
  });
}

void session::drop(std::uint16_t as_code) {
  if (std::exchange(dropped_, true)) return;
  if (!std::exchange(closing_, true)) {
    close_code_ = as_code;
    owner_.hub_.leave(*this);
  }
  const bool peers_own = close_code_ >= private_codes && close_code_ != token_ended;
  ++owner_.metrics_.closed[peers_own ? private_codes : close_code_];
  if (tls_) tls_->close_notify();
  boost::system::error_code ignored;
  socket_.shutdown(socket::shutdown_both, ignored);
  socket_.close(ignored);
  if (pace_) pace_->timer.cancel();
  if (parting_) parting_->timer.cancel();
  in_bucket::unlink();
  by_expiry::unlink();
  --owner_.connections_;
  counted_.reset();
}

}  // namespace haulcast::ws
