#include "haulcast/client/observer.hpp"

#include <atomic>

namespace haulcast::client {
namespace {

std::atomic<observer*> present{nullptr};

}  // namespace

void observe(observer* who) noexcept { present.store(who, std::memory_order_release); }
observer* observing() noexcept { return present.load(std::memory_order_acquire); }

}  // namespace haulcast::client
