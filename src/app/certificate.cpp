#include "haulcast/app/certificate.hpp"

#include <utility>

namespace haulcast::app {

result<std::optional<tls::loaded_certificate>> load_certificate_of(const config& cfg) {
  using loaded = std::optional<tls::loaded_certificate>;
  const auto& files = cfg.server.tls;
  if (!files.certificate || !files.key) return loaded{};
  auto made = tls::load_certificate({.certificate = *files.certificate, .key = *files.key});
  if (!made) return made.error();
  return loaded{std::move(*made)};
}

}  // namespace haulcast::app
