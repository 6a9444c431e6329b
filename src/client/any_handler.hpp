// Completion handlers and buffers in one form. Each operation of Beast's is a handler of a type of its own, with buffers of
// types of their own: for each pair of them all that lies below, TCP and TLS, would be compiled again, which took 40 s.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/container/static_vector.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace haulcast::client {

/// Any handler of `Results...`, called where and cancelled by what it asks for. Costs two allocations, which is little beside a
/// system call.
template <class... Results>
class any_handler {
 public:
  using executor_type = boost::asio::any_io_executor;
  using cancellation_slot_type = boost::asio::cancellation_slot;

  template <class Handler>
  any_handler(Handler handler, const executor_type& otherwise)
      : executor_{boost::asio::get_associated_executor(handler, otherwise)},
        slot_{boost::asio::get_associated_cancellation_slot(handler)},
        call_{[kept = std::make_shared<Handler>(std::move(handler))](Results... results) { (*kept)(results...); }} {}

  executor_type get_executor() const noexcept { return executor_; }
  cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }
  void operator()(Results... results) { call_(results...); }

 private:
  executor_type executor_;
  cancellation_slot_type slot_;
  std::function<void(Results...)> call_;
};

template <class Buffer>
using few = boost::container::static_vector<Buffer, 16>;

/// The first of them, for operations that may transfer less than they are given; none is empty, so each makes headway.
template <class Buffer, class Buffers>
few<Buffer> first_of(const Buffers& all) {
  few<Buffer> first;
  const auto end = boost::asio::buffer_sequence_end(all);
  for (auto at = boost::asio::buffer_sequence_begin(all); at != end && first.size() < first.capacity(); ++at) {
    if (const Buffer one{*at}; one.size() > 0) first.push_back(one);
  }
  return first;
}

}  // namespace haulcast::client
