#include "haulcast/client/health.hpp"

#include <ostream>

#include "haulcast/client/http_client.hpp"
#include "haulcast/client/verdict.hpp"

namespace haulcast::client {
int health(const health_options& options, std::ostream& out) {
  const auto server = parse_base_url(options.url, options.believed);
  if (!server) {
    out << server.error().what << '\n';
    return 2;
  }
  http_options limits;
  limits.connect_within = options.time_out / 2;
  limits.answer_within = options.time_out - limits.connect_within;
  limits.body_max = 64 * 1024;
  limits.keep_alive = false;
  http_client client{*server, limits};
  const auto answer = client.get("/readyz");
  if (!answer) {
    out << "not ready: " << answer.error().what << '\n';
    return 1;
  }
  if (answer->status == 200) {
    out << "ready\n";
    return 0;
  }
  out << "not ready: " << problem_sentence(*answer) << '\n';
  return 1;
}

}  // namespace haulcast::client
