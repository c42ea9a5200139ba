import { cipherSuite, coreName, nginxHead, nginxPaths, type Track } from './track.ts'

/** Configurations of proxies from the distribution that do what the edge does: no more, no less. */

export function haproxyConf(track: Track, port: number): string {
  return `
global
  nbthread 1
  no strict-limits
  maxconn 12000
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 30s
  timeout http-request 300s
  timeout http-keep-alive 300s
frontend public
  bind 127.0.0.1:${port} backlog 4096 ssl crt ${track.front.both} alpn http/1.1 ssl-min-ver TLSv1.3 ciphersuites ${cipherSuite}
  unique-id-format %[uuid()]
  unique-id-header x-request-id
  default_backend cores
backend cores
  server core-1 127.0.0.1:${track.originPort} ssl verify required ca-file ${track.ca} crt ${track.edge.both} sni str(${coreName}) verifyhost ${coreName} ssl-min-ver TLSv1.3 pool-purge-delay 300s
`
}

export function nginxConf(track: Track, port: number): string {
  return `${nginxHead(track, 'nginx')}
  http {
    ${nginxPaths}
    log_format whole escape=json '{"time":"$time_iso8601","id":"$request_id","method":"$request_method","path":"$uri","status":$status,"seconds":$request_time}';
    access_log ${track.file('nginx.access.log')} whole buffer=64k flush=1s;
    keepalive_requests 1000000000; keepalive_timeout 300s; client_header_timeout 300s; client_body_buffer_size 64k;
    upstream cores { server 127.0.0.1:${track.originPort}; keepalive 64; keepalive_requests 1000000000; keepalive_timeout 300s; }
    server {
      listen 127.0.0.1:${port} ssl backlog=4096;
      ssl_certificate ${track.front.cert}; ssl_certificate_key ${track.front.key};
      ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites ${cipherSuite}; ssl_session_cache shared:tls:10m;
      location / {
        proxy_pass https://cores; proxy_http_version 1.1; proxy_buffers 8 16k; proxy_buffer_size 16k;
        proxy_set_header Connection ''; proxy_set_header Host ${coreName};
        proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Request-Id $request_id;
        proxy_ssl_protocols TLSv1.3; proxy_ssl_certificate ${track.edge.cert}; proxy_ssl_certificate_key ${track.edge.key};
        proxy_ssl_trusted_certificate ${track.ca}; proxy_ssl_verify on; proxy_ssl_server_name on; proxy_ssl_name ${coreName};
      }
    }
  }`
}

export function caddyfile(track: Track, port: number): string {
  return `{
  admin off
  auto_https off
  servers {
    protocols h1
  }
}
https://localhost:${port} {
  bind 127.0.0.1
  tls ${track.front.cert} ${track.front.key} {
    protocols tls1.3
  }
  log {
    output file ${track.file('caddy.access.log')} {
      roll_disabled
    }
  }
  reverse_proxy https://127.0.0.1:${track.originPort} {
    header_up Host ${coreName}
    header_up X-Request-Id {http.request.uuid}
    transport http {
      versions 1.1
      keepalive 300s
      keepalive_idle_conns_per_host 64
      tls_client_auth ${track.edge.cert} ${track.edge.key}
      tls_trusted_ca_certs ${track.ca}
      tls_server_name ${coreName}
    }
  }
}
`
}
