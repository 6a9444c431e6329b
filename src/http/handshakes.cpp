#include "handshakes.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace haulcast::http {
namespace {

constexpr int politeness = 5;  // of 19: about a quarter of a processor that the loop or the journal want too

}  // namespace

handshakes::handshakes(net::any_io_executor loop) : loop_{std::move(loop)} {
  // On Linux this is of the thread alone.
  thread_.run([] { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness); });
}

void handshakes::stop() {
  stopping_ = true;
  thread_.stop();
}

}  // namespace haulcast::http
