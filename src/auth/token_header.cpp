#include "haulcast/auth/token_header.hpp"

#include "strict_json.hpp"

namespace haulcast::auth {

std::optional<token_header> read_token_header(std::string_view text) {
  if (text.size() > header_bytes_max) return std::nullopt;
  const auto header = parse_strictly(text);
  if (!header || header->contains("crit")) return std::nullopt;
  const auto* name = text_of(member(*header, "alg"));
  const auto alg = name == nullptr ? std::nullopt : algorithm_named(*name);
  if (!alg) return std::nullopt;

  token_header out{.alg = *alg};
  if (const auto* kid = member(*header, "kid")) {
    const auto* text_of_kid = text_of(kid);
    if (text_of_kid == nullptr || !is_kid(*text_of_kid)) return std::nullopt;
    out.kid = *text_of_kid;
  }
  return out;
}

}  // namespace haulcast::auth
