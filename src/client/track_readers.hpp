// One reader for each format of recorded tracks, and what they share.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "haulcast/client/track_file.hpp"

namespace haulcast::client {

/// Gathers rows while a file is read.
class track_builder {
 public:
  /// `members` as in track_row.
  void add(std::string_view truck_id, std::int64_t at_ms, std::string members);
  void relative() { track_.relative = true; }
  /// Ordered by time. The builder is empty afterwards.
  track finish();

 private:
  track track_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

/// Appends `"name":value`, with a comma if something stands before it. A text that is no number goes as a text: the server
/// judges it.
void append_member(std::string& members, std::string_view name, std::string_view number_text);
void append_text_member(std::string& members, std::string_view name, std::string_view text);

/// An RFC 3339 time, or an integer: epoch milliseconds.
std::optional<std::int64_t> read_moment(std::string_view text);

failure at_line(std::string_view name, std::size_t line, std::string_view what);

result<track> read_csv(std::string_view text, std::string_view name, const track_options& options);
result<track> read_ndjson(std::string_view text, std::string_view name, const track_options& options);
result<track> read_gpx(const std::string& text, std::string_view name, const track_options& options);

}  // namespace haulcast::client
