#include "haulcast/wire/batch_parser.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <stdexcept>
#include <utility>

#include "haulcast/base/recycler.hpp"
#include "haulcast/wire/batch_walk.hpp"
#include "haulcast/wire/json_cursor.hpp"

namespace haulcast::wire {
namespace {

constexpr std::size_t smallest_capacity = 64 * 1024;  // bodies of a few hundred positions
constexpr std::size_t batches_kept_max = 256;         // about as many as wait for a commit at once
constexpr std::size_t batch_kept_bytes_max = 64 * 1024;

batch_failure malformed(std::string detail) { return {batch_error::malformed_json, {}, std::move(detail)}; }

batch_failure malformed(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY: return malformed("The body is empty.");
    case simdjson::UTF8_ERROR: return malformed("The body is not valid UTF-8.");
    case simdjson::UNCLOSED_STRING: return malformed("The body is not valid JSON: a text does not end.");
    case simdjson::UNESCAPED_CHARS: return malformed("The body is not valid JSON: a text holds a bare control character.");
    default: return malformed("The body is not valid JSON.");
  }
}

}  // namespace

std::string_view to_string(batch_error code) noexcept {
  static constexpr std::array<std::string_view, batch_errors> names{"malformed_json",    "not_an_object",  "positions_missing",
                                                                    "positions_invalid", "batch_empty",    "batch_too_large",
                                                                    "duplicate_key",     "unknown_member", "truck_id_invalid"};
  return names[static_cast<std::size_t>(code)];
}

void throw_exception_from_error(const batch_failure& error, const boost::source_location&) {
  throw std::runtime_error{error.detail};
}

/// Uses simdjson's first stage alone (json_cursor.hpp says why), as its own front ends do: through the implementation that fits
/// this machine's processor.
class batch_parser::impl {
 public:
  result<parsed_batch, batch_failure> parse(std::string_view body, utc_time received_at, const batch_limits& limits,
                                            const covers& may_post) {
    if (const auto error = find_tokens(body)) return malformed(error);
    const json_cursor json{body, {stage_->structural_indexes.get(), stage_->n_structural_indexes}};
    return batch_walk{json, received_at, limits, may_post, tools_, batches_.take()}.run();
  }
  void give_back(std::unique_ptr<engine::batch> done) {
    if (!done || done->capacity_bytes() > batch_kept_bytes_max) return;
    done->clear();
    batches_.give_back(std::move(done));
  }

 private:
  simdjson::error_code find_tokens(std::string_view body) {
    if (body.empty()) return simdjson::EMPTY;
    reserve(body.size());
    return stage_->stage1(reinterpret_cast<const std::uint8_t*>(body.data()), body.size(), simdjson::stage1_mode::regular);
  }

  /// The implementations allocate without throwing. Out of memory is no fault of the body, so it is never told as one.
  void reserve(std::size_t size) {
    if (stage_ && stage_->capacity() >= size) return;
    const std::size_t capacity = std::bit_ceil(std::max(size, smallest_capacity));
    const simdjson::implementation& machine = *simdjson::get_active_implementation();
    if (machine.create_dom_parser_implementation(capacity, json_cursor::max_depth, stage_)) throw std::bad_alloc{};
  }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  batch_tools tools_;
  recycler<engine::batch> batches_{batches_kept_max};
};

batch_parser::batch_parser() : impl_{std::make_unique<impl>()} {}
batch_parser::~batch_parser() = default;
batch_parser::batch_parser(batch_parser&&) noexcept = default;
batch_parser& batch_parser::operator=(batch_parser&&) noexcept = default;

result<parsed_batch, batch_failure> batch_parser::parse(std::string_view body, utc_time received_at, const batch_limits& limits,
                                                        const covers& may_post) {
  return impl_->parse(body, received_at, limits, may_post);
}

void batch_parser::give_back(std::unique_ptr<engine::batch> done) { impl_->give_back(std::move(done)); }

std::size_t batch_parser::padding() noexcept { return simdjson::SIMDJSON_PADDING; }

}  // namespace haulcast::wire
