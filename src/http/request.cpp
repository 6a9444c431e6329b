#include "haulcast/http/request.hpp"

#include <array>
#include <cassert>

#include "channel.hpp"
#include "haulcast/base/free_memory.hpp"
#include "haulcast/http/networks.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

constexpr std::array<std::string_view, 7> method_names{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

std::string_view value_named(const std::vector<field>& fields, std::string_view name) noexcept {
  for (const auto& f : fields) {
    if (f.name == name) return f.value;
  }
  return {};
}

}  // namespace

method method_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < method_names.size(); ++i) {
    if (method_names[i] == name) return static_cast<method>(i);
  }
  return method::other;
}

std::string_view to_string(method m) noexcept {
  return m == method::other ? "OTHER" : method_names[static_cast<std::size_t>(m)];
}

boost::asio::ip::address request::client() const {
  return trusted_proxies == nullptr ? unwrapped(peer.address()) : client_address(peer.address(), fields_, *trusted_proxies);
}

std::string_view request::header(std::string_view name) const noexcept {
  for (const auto& f : fields_) {
    if (iequals(f.name, name)) return f.value;
  }
  return {};
}

bool request::has_header(std::string_view name) const noexcept {
  for (const auto& f : fields_) {
    if (iequals(f.name, name)) return true;
  }
  return false;
}

std::string_view request::parameter(std::string_view name) const noexcept { return value_named(parameters_, name); }

result<std::optional<std::string_view>, problem> request::query_value(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& p : query_) {
    if (p.name != name) continue;
    if (found) {
      problem twice;
      twice.what = code::parameter_duplicate;
      twice.detail = "The query parameter '" + std::string{name} + "' is given twice.";
      return twice;
    }
    found = p.value;
  }
  return found;
}

bool request::is_abandoned() const noexcept { return over != nullptr && over->is_abandoned(); }

void request_access::reset(request& r) noexcept {
  r.fields_.clear();
  r.query_.clear();
  r.parameters_.clear();
  r.head_memory_.reset();
  r.decoded_.reset();
  r.decoded_used_ = r.decoded_size_ = 0;
  free_memory(r.inflated_);
  r.method = method::other;
  r.method_name = r.target = r.path = r.body = r.traceparent = {};
  r.principal.reset();
  r.rule = nullptr;
  r.started = {};
  r.rate = {};
}

void request_access::release(request& r) noexcept {
  const auto peer = r.peer;
  const auto* const trusted_proxies = r.trusted_proxies;
  reset(r);
  auto* const over = r.over;
  r = request{};
  r.over = over;
  r.peer = peer;
  r.trusted_proxies = trusted_proxies;
}

char* request_access::scratch(request& r, std::size_t size) {
  if (!r.decoded_) {
    r.decoded_size_ = 2 * r.target.size() + 1;
    r.decoded_ = std::make_unique_for_overwrite<char[]>(r.decoded_size_);
  }
  assert(r.decoded_size_ - r.decoded_used_ >= size);
  char* const at = r.decoded_.get() + r.decoded_used_;
  r.decoded_used_ += size;
  return at;
}

}  // namespace haulcast::http
