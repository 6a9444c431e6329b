#include "integration/http_attack.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "integration/story.hpp"

namespace haulcast::support {

using namespace std::chrono_literals;

std::string raw_answer::header(std::string_view name) const {
  std::istringstream lines{head};
  for (std::string line; std::getline(lines, line);) {
    std::transform(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(std::min(line.find(':'), line.size())),
                   line.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!line.starts_with(std::string{name} + ": ")) continue;
    return line.substr(name.size() + 2, line.find_last_not_of("\r\n") - name.size() - 1);
  }
  return {};
}

std::string raw_answer::code() const {
  const auto problem = nlohmann::json::parse(body, nullptr, false);
  return problem.is_object() && problem.contains("code") ? problem.at("code").get<std::string>() : "";
}

raw_answer read_answer(raw_connection& from, milliseconds within) {
  raw_answer answer;
  answer.head = from.read_until("\r\n\r\n", within).value_or("");
  if (answer.head.size() < 12) return answer;
  answer.status = std::stoi(answer.head.substr(9, 3));
  const auto length = answer.header("content-length");
  if (!length.empty()) answer.body = from.read_exactly(std::stoul(length), 20s).value_or("");
  return answer;
}

void expect_answers(const server& s, const std::vector<attack>& attacks) {
  for (const attack& one : attacks) {
    SCOPED_TRACE(one.name);
    raw_connection connection{s.base()};
    connection.send(one.bytes);
    const auto answer = read_answer(connection);
    EXPECT_EQ(answer.status, one.status) << answer.body;
    if (one.status >= 400) {
      EXPECT_EQ(answer.code(), one.code) << answer.body;
      EXPECT_EQ(answer.header("content-type"), "application/problem+json");
    }
    EXPECT_EQ(answer.header("connection"), one.closes ? "close" : "");
    if (one.closes) {
      const auto rest = connection.read_to_end(20s);
      ASSERT_TRUE(rest) << "the connection stays open";
      EXPECT_EQ(*rest, "") << "something else was answered";
    } else {
      connection.send(get_request("/healthz"));
      EXPECT_EQ(read_answer(connection).status, 200);
    }
  }
  raw_connection good{s.base()};
  good.send(get_request("/healthz"));
  EXPECT_EQ(read_answer(good).status, 200);
}

std::string post_positions(const server& s, std::string_view fields, std::string_view body) {
  return "POST /v1/positions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + s.token() + "\r\n" + std::string{fields} +
         "\r\n" + std::string{body};
}

std::string good_body(std::string_view truck) { return batch({driving(truck, now_ms() - 60'000, 1)}).dump(); }

std::string get_request(std::string_view target, std::string_view fields) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}

double resident_kib(int pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
  }
  return 0;
}

double cpu_ms(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(file, text);
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) * 1000 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace haulcast::support
