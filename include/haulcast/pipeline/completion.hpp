// A coroutine that waits for an answer, without its type.
#pragma once

#include <memory>
#include <utility>

namespace haulcast::pipeline {

/// Called once, on the loop, or destroyed without (then the waiter is destroyed too). Asio 1.26's any_completion_handler, made
/// for this, calls itself without end when it is moved inside an aggregate.
template <class Answer>
class completion {
 public:
  virtual ~completion() = default;
  virtual void complete(Answer answer) = 0;

  template <class Handler>
  static std::unique_ptr<completion> of(Handler handler) {
    struct held final : completion {
      explicit held(Handler h) : handler_{std::move(h)} {}
      void complete(Answer answer) override { std::move(handler_)(std::move(answer)); }
      Handler handler_;
    };
    return std::make_unique<held>(std::move(handler));
  }
};

}  // namespace haulcast::pipeline
