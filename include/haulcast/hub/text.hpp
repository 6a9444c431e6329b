// Text that is encoded once and waits for many subscribers.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <string>
#include <utility>

namespace haulcast::hub {

/// Counted without atomics: it lives and dies on the event loop.
class text : public boost::intrusive_ref_counter<text, boost::thread_unsafe_counter> {
 public:
  explicit text(std::string bytes) : bytes_{std::move(bytes)} {}
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  const std::string bytes_;
};
using shared_text = boost::intrusive_ptr<const text>;

}  // namespace haulcast::hub
