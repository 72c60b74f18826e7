#include "base/jose.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"

namespace authledger {
namespace {

// Verified by OpenSSL's EVP from the published numbers alone: libjose has no part in it.
bool is_signed_by(const std::string& token, const std::string& jwks) {
  const std::vector<std::string> parts = split(token, '.');
  JsonDocument document;
  const auto set = document.parse(jwks);
  if (parts.size() != 3 || !set) return false;
  const JsonView key = (*set)["keys"].at(0);
  const auto number = [&](const char* member) { return from_base64url(key[member].text()).value_or(""); };
  const std::string bytes = parts[0] + "." + parts[1], signature = from_base64url(parts[2]).value_or("");
  return key["kty"].text() == "RSA" ? verify_rs384(number("n"), number("e"), bytes, signature)
                                    : verify_es384(number("x"), number("y"), bytes, signature);
}

std::string openssl(const std::string& command) {
  FILE* pipe = popen(("openssl " + command + " 2>/dev/null").c_str(), "r");
  std::string text;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) text.push_back(static_cast<char>(c));
  pclose(pipe);
  return text;
}

class EachAlgorithm : public testing::TestWithParam<SigningAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Jose, EachAlgorithm, testing::Values(SigningAlgorithm::rs384, SigningAlgorithm::es384),
                         [](const auto& tested) { return std::string(word_of(tested.param)); });

TEST_P(EachAlgorithm, SignsWhatAnIndependentVerifierAccepts) {
  const auto key = SigningKey::generate(GetParam());
  ASSERT_TRUE(key.ok()) << key.error().message;
  const auto token = key->sign(R"({"iss":"ledger"})", "https://ledger.example/jwks.json");
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_TRUE(is_signed_by(*token, key->public_jwks())) << *token;
  std::string forged = *token;
  forged[forged.find('.') + 3] ^= 1;
  EXPECT_FALSE(is_signed_by(forged, key->public_jwks()));
  EXPECT_FALSE(is_signed_by(*token, SigningKey::generate(GetParam())->public_jwks()));
  const std::vector<std::string> parts = split(*token, '.');
  EXPECT_EQ(*from_base64url(parts[1]), R"({"iss":"ledger"})");
  JsonDocument header;
  ASSERT_TRUE(header.parse(*from_base64url(parts[0])).ok());
  EXPECT_EQ(header.root()["alg"].text(), word_of(GetParam()));
  EXPECT_EQ(header.root()["kid"].text(), key->key_id());
  EXPECT_EQ(header.root()["typ"].text(), "JWT");
  EXPECT_EQ(header.root()["jku"].text(), "https://ledger.example/jwks.json");
}

TEST_P(EachAlgorithm, PublishesNothingPrivate) {
  const auto key = SigningKey::generate(GetParam());
  ASSERT_TRUE(key.ok());
  JsonDocument published;
  ASSERT_TRUE(published.parse(key->public_jwks()).ok());
  const JsonView jwk = published.root()["keys"].at(0);
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) EXPECT_FALSE(jwk[member].exists()) << member;
  EXPECT_EQ(jwk["use"].text(), "sig");
  EXPECT_EQ(jwk["kid"].text(), key->key_id());
  EXPECT_EQ(jwk["alg"].text(), word_of(GetParam()));
}

TEST_P(EachAlgorithm, ReadsItsOwnJwkBack) {
  const auto key = SigningKey::generate(GetParam());
  ASSERT_TRUE(key.ok());
  const auto again = SigningKey::read(key->private_jwk(), "");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->key_id(), key->key_id());
  EXPECT_EQ(again->public_jwks(), key->public_jwks());
  EXPECT_TRUE(is_signed_by(*again->sign("{}", ""), key->public_jwks()));
  EXPECT_EQ(SigningKey::read(R"({"keys":[)" + key->private_jwk() + "]}", "mine")->key_id(), "mine");
}

TEST(Jose, ReadsPemKeysOfOpenssl) {
  for (const char* command :
       {"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "genrsa -traditional 2048",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", "ecparam -name secp384r1 -genkey -noout"}) {
    const auto key = SigningKey::read(openssl(command), "");
    ASSERT_TRUE(key.ok()) << command << ": " << key.error().message;
    EXPECT_TRUE(is_signed_by(*key->sign("{}", ""), key->public_jwks())) << command;
  }
}

TEST(Jose, RefusesKeysThatServersRefuseAndSaysWhatToDo) {
  const auto key = SigningKey::generate(SigningAlgorithm::es384);
  const std::pair<std::string, const char*> wrong[] = {
      {"", "neither a JWK"},
      {"s3cret", "neither a JWK"},
      {"[]", "neither a JWK"},
      {R"({"kty":"oct","k":"c2VjcmV0","d":"x"})", "RSA (RS384)"},
      {key->public_jwks(), "no private key"},
      {R"({"keys":[)" + key->private_jwk() + "," + key->private_jwk() + "]}", "several private keys"},
      {R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", "public one"},
      {openssl("genrsa 1024"), "2048 bits"},
      {openssl("ecparam -name prime256v1 -genkey -noout"), "P-384"},
      {openssl("genrsa -aes128 -passout pass:x 2048"), "decrypted"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no private key that can be read"},
  };
  for (const auto& [text, part] : wrong) {
    const auto read = SigningKey::read(text, "");
    ASSERT_FALSE(read.ok()) << part;
    EXPECT_NE(read.error().message.find(part), std::string::npos) << part << ": " << read.error().message;
    EXPECT_EQ(read.error().message.find("s3cret"), std::string::npos);
  }
}

TEST(Jose, Base64UrlIsReadAsRfc4648Says) {
  EXPECT_EQ(from_base64url("Zm9vYmE"), "fooba");
  EXPECT_EQ(from_base64url("Zm9vYmE="), "fooba");
  EXPECT_EQ(from_base64url("-_8"), "\xFB\xFF");
  EXPECT_EQ(from_base64url(""), "");
  EXPECT_FALSE(from_base64url("+/8").has_value());
  EXPECT_FALSE(from_base64url("A").has_value());
}

TEST(Crypto, ACertificateSaysWhenItEnds) {
  const std::string pem = openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=x -keyout /dev/null");
  const auto end = certificate_end(pem);
  ASSERT_TRUE(end.ok()) << end.error().message;
  const auto left = *end - std::chrono::system_clock::now();
  EXPECT_GT(left, std::chrono::hours(24 * 30 - 1));
  EXPECT_LE(left, std::chrono::hours(24 * 30 + 1));
  EXPECT_FALSE(certificate_end("no certificate").ok());
}

}  // namespace
}  // namespace authledger
