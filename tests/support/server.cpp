#include "support/server.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tls/certificates.hpp"

namespace haulcast::support {

api::api(client::base_url server, std::string token)
    : client_{std::move(server), [&] {
                client::http_options options;
                options.token = std::move(token);
                return options;
              }()} {}

json_answer api::send(const client::http_request& request) {
  auto answer = client_.send(request);
  if (!answer) throw std::runtime_error{request.method + ' ' + request.target + ": " + answer.error().what};
  json_answer told{answer->status, std::move(*answer), {}};
  told.body = nlohmann::json::parse(told.raw.body, nullptr, false);
  return told;
}

json_answer api::ask(std::string method, std::string_view target, std::string body, client::http_headers headers) {
  client::http_request request;
  request.method = std::move(method);
  request.target = target;
  request.body = std::move(body);
  request.headers = std::move(headers);
  return send(request);
}

json_answer api::get(std::string_view target, client::http_headers headers) {
  return ask("GET", target, {}, std::move(headers));
}
json_answer api::post(std::string_view target, const nlohmann::json& body, client::http_headers headers) {
  return post_text(target, body.dump(), std::move(headers));
}
json_answer api::post_text(std::string_view target, std::string body, client::http_headers headers) {
  return ask("POST", target, std::move(body), std::move(headers));
}
json_answer api::put(std::string_view target, const nlohmann::json& body, client::http_headers headers) {
  return put_text(target, body.dump(), std::move(headers));
}
json_answer api::put_text(std::string_view target, std::string body, client::http_headers headers) {
  return ask("PUT", target, std::move(body), std::move(headers));
}
json_answer api::remove(std::string_view target, client::http_headers headers) {
  return ask("DELETE", target, {}, std::move(headers));
}

server::server(server_options options) : options_{std::move(options)}, data_dir_{scratch_ / "data"} {
  if (options_.binary.empty()) options_.binary = HAULCAST_BINARY;
  const bool has_one = options_.environment.contains("HAULCAST_SERVER__TLS__CERTIFICATE");
  if (std::getenv("HAULCAST_TEST_TLS") != nullptr && !has_one) speak_tls();
  start();
}

void server::speak_tls() {
  const auto files = tls::test::authority{}.issue(scratch_.path());
  options_.environment.emplace("HAULCAST_SERVER__TLS__CERTIFICATE", files.certificate.string());
  options_.environment.emplace("HAULCAST_SERVER__TLS__KEY", files.key.string());
  options_.believed.ca_file = files.authority.string();
}

void server::start() {
  spawn();
  await_listening();
}

void server::spawn() {
  child_options how;
  how.program = options_.binary;
  how.arguments = {"serve"};
  how.arguments.insert(how.arguments.end(), options_.arguments.begin(), options_.arguments.end());
  how.environment = options_.environment;
  how.environment.emplace("HAULCAST_SERVER__LISTEN", "127.0.0.1:" + (base_.port.empty() ? std::string{"0"} : base_.port));
  how.environment.emplace("HAULCAST_DATA_DIR", data_dir_.string());
  how.environment.emplace("HAULCAST_AUTH__HS256_SECRET", std::string{secret()});
  how.directory = scratch_.path();
  how.stderr_file = scratch_ / "stderr";
  process_ = std::make_unique<child_process>(how);
}

void server::await_listening() {
  constexpr std::string_view announced = "listening on ";
  const auto line = process_->read_line(options_.ready_within);
  if (!line || !line->starts_with(announced)) {
    process_.reset();
    throw std::runtime_error{"the server did not start: " + line.value_or("(nothing on stdout)") + '\n' + log()};
  }
  base_ = client::parse_base_url(line->substr(announced.size()), options_.believed).value();
}

std::string server::url() const { return base_.origin(); }

std::string server::token(std::string role, std::vector<std::string> trucks) const {
  token_claims claims;
  claims.role = std::move(role);
  claims.trucks = std::move(trucks);
  return sign_token(claims, secret());
}

api server::as(std::string role, std::vector<std::string> trucks) const {
  return {base_, token(std::move(role), std::move(trucks))};
}

client::ws_client server::ws(std::string role, std::vector<std::string> trucks, client::ws_options options) const {
  options.token = token(std::move(role), std::move(trucks));
  return client::ws_client{base_, std::move(options)};
}

child_exit server::stop(std::chrono::milliseconds within) {
  if (!process_) return {};
  process_->signal(SIGTERM);
  auto ended = process_->wait(within);
  if (!ended) {
    process_->signal(SIGKILL);
    ended = process_->wait(std::chrono::seconds{10});
  }
  process_.reset();
  return ended.value_or(child_exit{});
}

void server::kill() {
  if (!process_) return;
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds{10});
  process_.reset();
}

void server::restart(std::chrono::milliseconds within) {
  stop(within);
  start();
}

std::string server::log() const {
  std::ifstream file{scratch_ / "stderr", std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace haulcast::support
