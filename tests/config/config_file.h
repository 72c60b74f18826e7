#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.h"

namespace authledger {

inline constexpr const char* kTenant = "tenant: {name: riverside, time_zone: America/Chicago}\n";

// A config file in a folder of its own.
class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = "/tmp/authledger-config-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::string file = folder_ + "/" + name;
    std::ofstream(file) << text;
    return file;
  }
  Config load(const std::string& text) {
    auto config = load_config(write("authledger.yaml", text));
    EXPECT_TRUE(config.ok()) << (config ? "" : all(config.error()));
    return config ? *config : Config{};
  }
  // Every problem, one a line, positions without the folder.
  std::string problems(const std::string& text) {
    auto config = load_config(write("authledger.yaml", text));
    return config ? "no problem" : all(config.error());
  }
  std::string all(const Issues& issues) const {
    std::string text;
    for (const Issue& issue : issues) {
      std::string at = issue.element_path;
      if (at.starts_with(folder_ + "/")) at.erase(0, folder_.size() + 1);
      text += at + ": " + issue.message + "\n";
    }
    return text;
  }
  const FeedConfig* feed(const Config& config, const std::string& type) const {
    for (const FeedConfig& each : config.endpoints.at(0).feeds) {
      if (each.resource_type == type) return &each;
    }
    return nullptr;
  }

  std::string folder_;
};

#define EXPECT_FOUND(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

}  // namespace authledger
