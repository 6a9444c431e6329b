// Web pages of other origins: which of them may read answers (CORS) and open live connections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace haulcast::http {

/// "https://app.example", "capacitor://localhost": as a browser writes it, in small letters, without the port that the scheme
/// has anyway, a path, or a slash at the end.
bool is_origin(std::string_view text) noexcept;

/// Whether a page of that origin came from the host that the request is for; which of http and https it was is not told apart,
/// as a proxy may have ended TLS.
bool is_own_origin(std::string_view origin, std::string_view host) noexcept;

/// The allow-list. Nobody is ever allowed to send cookies along: tokens are put into requests by those who have them.
class allowed_origins {
 public:
  allowed_origins() = default;  // none
  /// Each as is_origin() has it, or "*" for all.
  explicit allowed_origins(std::vector<std::string> list);

  bool empty() const noexcept { return list_.empty(); }
  bool any() const noexcept { return any_; }
  /// What Access-Control-Allow-Origin says to a page of that origin: the same, or `*`; nothing: it is not allowed. Lives as
  /// long as the list. O(list).
  std::string_view answer_to(std::string_view origin) const noexcept;

 private:
  std::vector<std::string> list_;
  bool any_ = false;
};

}  // namespace haulcast::http
