// What an attacker sends to the token endpoint (FAULTS 62): everything is 401 invalid_client, without detail.
// The sandbox's token endpoint is the only receiver of JWTs here. authledger itself takes none from anybody: its hooks
// compare a shared secret, and the tokens it is given go back to the EHR unread. Nor does it fetch anybody's JWKS: of
// FAULTS 63 it is the signer whose keys rotate (smart_flow_test.cc, fhir/client_token_test.cc).

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/day.h"
#include "tests/sandbox/sandbox_client.h"
#include "tests/sandbox/smart_client.h"

namespace authledger {
namespace {

std::string base64url(std::string_view bytes) {
  std::string text = replace_all(replace_all(base64(bytes), "+", "-"), "/", "_");
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// RFC 2104 with SHA-256.
std::string hmac_sha256(std::string key, std::string_view message) {
  constexpr size_t kBlockBytes = 64;
  if (key.size() > kBlockBytes) key = bytes_of(sha256(key));
  key.resize(kBlockBytes, '\0');
  std::string inner = key, outer = key;
  for (char& byte : inner) byte = static_cast<char>(byte ^ 0x36);
  for (char& byte : outer) byte = static_cast<char>(byte ^ 0x5c);
  const Hash hash = sha256(inner.append(message));
  return std::string(bytes_of(sha256(outer.append(bytes_of(hash)))));
}

// One element of DER (X.690) that is no longer than 64 KiB.
std::string der(char tag, const std::string& content) {
  const size_t size = content.size();
  std::string length;
  if (size >= 256) length = {'\x82', static_cast<char>(size >> 8)};
  if (size >= 128 && size < 256) length = '\x81';
  length += static_cast<char>(size & 0xff);
  return tag + length + content;
}

// A public RSA key as `openssl pkey -pubout` prints it (RFC 5280, SubjectPublicKeyInfo), of the numbers of its JWK.
std::string public_pem(const std::string& modulus, const std::string& exponent) {
  constexpr char kInteger = 0x02, kBits = 0x03, kSequence = 0x30;
  const std::string zero(1, '\0');
  const std::string rsa = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05" + zero;  // rsaEncryption, NULL
  const std::string numbers =
      der(kSequence, der(kInteger, zero + *from_base64url(modulus)) + der(kInteger, *from_base64url(exponent)));
  const std::string text = base64(der(kSequence, der(kSequence, rsa) + der(kBits, zero + numbers)));
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (size_t at = 0; at < text.size(); at += 64) pem += text.substr(at, 64) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

struct Claims {
  std::string issuer = "ledger", subject = "ledger", audience, id = "1";
  int end_in_seconds = 120;

  std::string text() const {
    const auto end =
        std::chrono::floor<std::chrono::seconds>(SystemClock().now()) + std::chrono::seconds(end_in_seconds);
    return fmt::format(R"({{"iss":"{}","sub":"{}","aud":"{}","jti":"{}","exp":{}}})", issuer, subject, audience, id,
                       end.time_since_epoch().count());
  }
};

class TokenEndpoint : public testing::Test {
 protected:
  std::string token_url() const {
    const std::string base = site_.sandbox->base_url();
    return base.substr(0, base.rfind('/')) + "/auth/token";
  }
  Claims good(const std::string& id) const {
    Claims claims;
    claims.audience = token_url();
    claims.id = id;
    return claims;
  }
  std::string sign(const Claims& claims, const std::string& jwks_url = "") const {
    return *site_.key.sign(claims.text(), jwks_url);
  }
  int status_of(const std::string& assertion) const {
    const HttpAnswer answer = ask("POST", token_url(),
                                  "grant_type=client_credentials&scope=system%2F%2A.rs&client_assertion_type="
                                  "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" +
                                      assertion,
                                  {{"Content-Type", "application/x-www-form-urlencoded"}});
    EXPECT_TRUE(answer.status == 200 || answer.body == R"({"error":"invalid_client"})") << answer.body;
    return answer.status;
  }
  // The claims under another header, signed by `signature_of`.
  std::string forge(const std::string& header, const Claims& claims, const std::string& signature) const {
    return base64url(header) + "." + base64url(claims.text()) + "." + signature;
  }

  std::string with_hmac(const std::string& header, const Claims& claims, const std::string& secret) const {
    const std::string bytes = forge(header, claims, "");
    return bytes + base64url(hmac_sha256(secret, std::string_view(bytes).substr(0, bytes.size() - 1)));
  }

  SmartSite site_{SigningAlgorithm::rs384};
};

TEST_F(TokenEndpoint, TakesAGoodAssertion) {
  EXPECT_EQ(status_of(sign(good("1"))), 200);
}

TEST_F(TokenEndpoint, Fault62RefusesClaimsThatAreNotExact) {
  Claims wrong = good("a");
  wrong.audience = token_url() + "/";
  EXPECT_EQ(status_of(sign(wrong)), 401);
  wrong = good("b");
  wrong.audience = site_.sandbox->base_url();
  EXPECT_EQ(status_of(sign(wrong)), 401);
  wrong = good("c");
  wrong.issuer = "another";
  EXPECT_EQ(status_of(sign(wrong)), 401);
  wrong = good("d");
  wrong.subject = "another";
  EXPECT_EQ(status_of(sign(wrong)), 401);
  wrong = good("e");
  wrong.end_in_seconds = 7 * 60;
  EXPECT_EQ(status_of(sign(wrong)), 401);
  wrong = good("f");
  wrong.end_in_seconds = -90;
  EXPECT_EQ(status_of(sign(wrong)), 401);
  EXPECT_EQ(status_of(sign(good(""))), 401);
  EXPECT_EQ(site_.sandbox->tokens_issued(), 0);
}

TEST_F(TokenEndpoint, Fault62RefusesAReplayedAssertion) {
  const std::string assertion = sign(good("once"));
  EXPECT_EQ(status_of(assertion), 200);
  EXPECT_EQ(status_of(assertion), 401);
  EXPECT_EQ(status_of(sign(good("once"))), 401);
  EXPECT_EQ(site_.sandbox->tokens_issued(), 1);
}

TEST_F(TokenEndpoint, Fault62RefusesForgedSignaturesAndFollowsNoForeignKey) {
  const std::string kid = site_.key.key_id();
  const Claims claims = good("forged");
  EXPECT_EQ(status_of(forge(R"({"alg":"none","kid":")" + kid + "\"}", claims, "")), 401);
  EXPECT_EQ(status_of("a.b"), 401);
  EXPECT_EQ(status_of("..."), 401);
  // Signed by a key of the attacker's, who names it by our kid and points to a set of theirs.
  const auto other = SigningKey::read(SigningKey::generate(SigningAlgorithm::rs384)->private_jwk(), kid);
  EXPECT_EQ(status_of(*other->sign(claims.text(), "https://evil.example/jwks.json")), 401);
  // Our own signature over other claims.
  const std::string mine = sign(claims);
  EXPECT_EQ(
      status_of(mine.substr(0, mine.find('.') + 1) + base64url(good("other").text()) + mine.substr(mine.rfind('.'))),
      401);
  EXPECT_EQ(site_.sandbox->tokens_issued(), 0);
}

// Who takes "HS256" of the header and the registered key for a secret would find each of these right.
TEST_F(TokenEndpoint, Fault62RefusesAnHmacWithThePublicKeyAsItsSecret) {
  JsonDocument set;
  const JsonView key = set.parse(site_.key.public_jwks()).value()["keys"].at(0);
  const std::string modulus = key["n"].string(), pem = public_pem(modulus, key["e"].string());
  const std::string secrets[] = {
      pem, pem.substr(0, pem.size() - 1), to_json_text(key), site_.key.public_jwks(), modulus, *from_base64url(modulus),
      ""};
  for (const std::string& secret : secrets) {
    EXPECT_EQ(status_of(with_hmac(R"({"alg":"HS256","kid":")" + site_.key.key_id() + "\"}", good("hmac"), secret)), 401)
        << secret;
  }
  EXPECT_EQ(site_.sandbox->tokens_issued(), 0);
}

// `kid` is a name and nothing else: no path, no URL, no query. Each signature is right under the key that it leads to.
TEST_F(TokenEndpoint, Fault62RefusesAKeyThatIsInjectedByItsName) {
  const Claims claims = good("injected");
  const std::string their_jwk = SigningKey::generate(SigningAlgorithm::rs384)->private_jwk();
  const std::string file = site_.folder.write("theirs.jwks", SigningKey::read(their_jwk, "theirs")->public_jwks());
  for (const std::string& kid : {file, "../../../../../../../.." + file, "file://" + file, std::string("theirs")}) {
    EXPECT_EQ(status_of(*SigningKey::read(their_jwk, kid)->sign(claims.text(), "")), 401) << kid;
    EXPECT_EQ(status_of(*SigningKey::read(their_jwk, kid)->sign(claims.text(), "file://" + file)), 401) << kid;
  }
  const std::string secret_file = site_.folder.write("secret", "known");
  const std::pair<std::string, std::string> secrets[] = {{"/dev/null", ""},
                                                         {"../../../../../../../../dev/null", ""},
                                                         {secret_file, "known"},
                                                         {"x' union select 'known' -- ", "known"},
                                                         {"", ""}};
  for (const auto& [kid, secret] : secrets) {
    EXPECT_EQ(status_of(with_hmac(R"({"alg":"HS256","kid":")" + kid + "\"}", claims, secret)), 401) << kid;
  }
  EXPECT_EQ(site_.sandbox->tokens_issued(), 0);
}

TEST_F(TokenEndpoint, Fault62RefusesATokenThatItDidNotIssue) {
  EXPECT_EQ(ask("GET", site_.sandbox->base_url() + "/Encounter", "", {{"Authorization", "Bearer x"}}).status, 401);
  EXPECT_EQ(ask("GET", site_.sandbox->base_url() + "/Encounter").status, 401);
  EXPECT_EQ(ask("GET", site_.sandbox->base_url() + "/metadata").status, 200);
}

}  // namespace
}  // namespace authledger
