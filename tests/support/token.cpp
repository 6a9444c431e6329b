#include "support/token.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <nlohmann/json.hpp>

namespace haulcast::support {
namespace {

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

}  // namespace

std::string sign_payload(std::string_view header_json, std::string_view payload_json, std::string_view secret) {
  const std::string head = base64url(header_json) + '.' + base64url(payload_json);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(head.data()),
       head.size(), digest, &size);
  return head + '.' + base64url({reinterpret_cast<const char*>(digest), size});
}

std::string sign_token(const token_claims& claims, std::string_view secret) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  nlohmann::json payload{{"sub", claims.subject}, {"role", claims.role}, {"exp", (now + claims.expires_in).count()}};
  if (!claims.trucks.empty()) payload["trucks"] = claims.trucks;
  if (!claims.customer_id.empty()) payload["customer_id"] = claims.customer_id;
  if (!claims.merchant_id.empty()) payload["merchant_id"] = claims.merchant_id;
  return sign_payload(R"({"alg":"HS256","typ":"JWT"})", payload.dump(), secret);
}

}  // namespace haulcast::support
