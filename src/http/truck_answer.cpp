#include "truck_answer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/registration.hpp"

namespace haulcast::http {

void append_truck(std::string& out, const pipeline::told_truck& t, const engine::registration* said) {
  out += R"({"truck_id":)";
  wire::append_string(out, t.id);
  fmt::format_to(std::back_inserter(out), R"(,"status":"{}")", to_string(t.status));
  if (said != nullptr) wire::append_registration_members(out, *said);
  if (t.has_position) {
    out += R"(,"position":)";
    wire::append_position(out, t.id, t.newest.get());
    if (const auto trip = t.newest.get().trip_id; !trip.empty()) {
      out += R"(,"trip_id":)";
      wire::append_string(out, trip);
    }
  }
  out += '}';
}

// A truck's newest position is one of its own for each timestamp.
std::string etag_of(const pipeline::told_truck& t, std::uint64_t version) {
  const char status = to_string(t.status).front();
  if (!t.has_position) return fmt::format("\"{}.{}\"", version, status);
  return fmt::format("\"{}.{:x}{}\"", version, to_epoch_ms(t.newest.timestamp()), status);
}

std::optional<std::uint64_t> version_in(std::string_view opaque) noexcept {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(opaque.data(), opaque.data() + opaque.size(), version);
  if (error != std::errc{} || end == opaque.data() + opaque.size() || *end != '.') return std::nullopt;
  return version;
}

}  // namespace haulcast::http
