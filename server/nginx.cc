#include <string_view>

#include "base/text.h"
#include "server/health.h"

namespace authledger {
namespace {

// IPv6 listening is left to the site: hosts without it would refuse the whole file.
constexpr std::string_view kTemplate = R"(# The front of authledger. Written by: authledger proxy-config nginx
# Belongs into nginx's http context, for example /etc/nginx/conf.d/authledger.conf. Check it with: nginx -t
# authledger itself listens on the loopback address only; TLS, limits and timeouts are kept here.

limit_req_zone $binary_remote_addr zone=authledger_requests:10m rate=20r/s;
limit_req_zone $binary_remote_addr zone=authledger_hooks:10m rate=200r/s;
limit_conn_zone $binary_remote_addr zone=authledger_connections:10m;

upstream authledger {
    server @LISTEN@ max_fails=0;
    keepalive 16;
    keepalive_requests 1000;
    keepalive_timeout 30s;
}

server {
    listen @PORT@ ssl http2;
    server_name @SERVER_NAME@;
    server_tokens off;

    ssl_certificate @CERTIFICATE@;
    ssl_certificate_key @CERTIFICATE_KEY@;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:authledger_tls:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    # Sizes: what is larger is answered 413 or 414, or the connection is closed, before authledger sees it.
    client_max_body_size 1m;
    client_body_buffer_size 64k;
    client_header_buffer_size 2k;
    large_client_header_buffers 4 8k;

    # Times: a slow client holds a connection of nginx, never one of authledger.
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 10s;
    reset_timedout_connection on;
    keepalive_timeout 30s;
    keepalive_requests 1000;

    # Framing: a request is read whole and written anew, so that no second request can hide in it.
    proxy_request_buffering on;
    proxy_buffering on;
    ignore_invalid_headers on;
    underscores_in_headers off;
    merge_slashes off;

    limit_req zone=authledger_requests burst=40 nodelay;
    limit_req_status 429;
    limit_conn authledger_connections 20;
    limit_conn_status 429;

    # A query may name a patient: it stays out of the access log. Errors would log the whole request line, so only
    # grave ones are logged.
    access_log off;
    error_log /var/log/nginx/authledger-error.log crit;

    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options DENY always;
    add_header Referrer-Policy no-referrer always;

    # Metrics are for the loopback address alone.
    location = /metrics {
        return 404;
    }

    # Notifications of the EHR's Subscriptions come in bursts from one address, and may carry whole resources.
    location /hooks/ {
        client_max_body_size 8m;
        limit_req zone=authledger_hooks burst=400 nodelay;
        limit_conn authledger_connections 200;
@PROXY@    }

    location / {
@PROXY@    }
}
)";

constexpr std::string_view kProxy = R"(        proxy_pass http://authledger;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header Proxy "";
        proxy_connect_timeout 2s;
        proxy_send_timeout 10s;
        proxy_read_timeout 30s;
        proxy_next_upstream off;
        proxy_redirect off;
)";

}  // namespace

std::string nginx_config(const NginxFront& front) {
  std::string text = replace_all(std::string(kTemplate), "@PROXY@", kProxy);
  text = replace_all(std::move(text), "@LISTEN@", front.listen);
  text = replace_all(std::move(text), "@PORT@", std::to_string(front.port));
  text = replace_all(std::move(text), "@SERVER_NAME@", front.server_name);
  text = replace_all(std::move(text), "@CERTIFICATE@", front.certificate);
  return replace_all(std::move(text), "@CERTIFICATE_KEY@", front.certificate_key);
}

std::string nginx_config(const std::string& listen, const std::string& server_name) {
  NginxFront front;
  front.listen = listen;
  front.server_name = server_name;
  return nginx_config(front);
}

}  // namespace authledger
