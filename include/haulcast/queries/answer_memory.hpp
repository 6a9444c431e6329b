// How much of answers is waiting for sockets to take it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace haulcast::queries {

/// Bound: beyond `bytes_max` no further question is taken, so about as much as the threads are working on comes on top. Loop
/// only.
class answer_memory : public std::enable_shared_from_this<answer_memory> {
 public:
  explicit answer_memory(std::size_t bytes_max = 64U << 20) : bytes_max_{bytes_max} {}

  bool full() const noexcept { return bytes_ >= bytes_max_; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t refused = 0;

  /// Counted until nobody holds it.
  std::shared_ptr<const std::string> hold(std::string text) {
    auto counted = std::make_unique<const std::string>(std::move(text));
    bytes_ += counted->size();
    return {counted.release(), [self = shared_from_this()](const std::string* t) {
              self->bytes_ -= t->size();
              delete t;
            }};
  }

 private:
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
};

}  // namespace haulcast::queries
