#include "static_text.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {
namespace {

constexpr std::size_t etag_digits = 22;  // base64 of 128 bits

}  // namespace

std::string sha256_base64(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 48> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

// Each form has a tag of its own: a strong ETag stands for bytes, and the two have others.
static_text::static_text(std::string_view content_type, std::string text, std::vector<header> headers, std::string_view vary)
    : content_type_{content_type}, vary_{vary}, headers_{std::move(headers)} {
  const auto hash = sha256_base64(text).substr(0, etag_digits);
  gzipped_ = {std::make_shared<const std::string>(wire::gzip(text)), '"' + hash + "-gz\""};
  plain_ = {std::make_shared<const std::string>(std::move(text)), '"' + hash + '"'};
}

bool static_text::has(const request& r) const {
  for (auto rest = r.header("if-none-match"); !rest.empty();) {
    auto tag = next_item(rest, ',');
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == plain_.etag || tag == gzipped_.etag) return true;
  }
  return false;
}

response static_text::answer(const request& r) const {
  const bool compressed = accepts_gzip(r.header("accept-encoding"));
  const form& chosen = compressed ? gzipped_ : plain_;
  response to;
  to.headers = headers_;
  to.headers.push_back({"Cache-Control", "public, max-age=300"});
  to.headers.push_back({"Vary", std::string{vary_}});
  to.headers.push_back({"ETag", chosen.etag});
  if (has(r)) {
    to.status = 304;
    return to;
  }
  to.content_type = content_type_;
  to.shared_body = chosen.text;
  if (compressed) to.headers.push_back({"Content-Encoding", "gzip"});
  return to;
}

}  // namespace haulcast::http
