// A checkpoint in memory, for tests.
#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

#include "engine/checkpoint.hpp"
#include "engine/transport.hpp"

namespace parley {

class MemoryCheckpoint final : public CheckpointWriter, public CheckpointReader {
   public:
    void begin(const std::string& section) override { writing_ = &sections_[section]; }
    void append(std::span<const std::byte> bytes) override {
        writing_->insert(writing_->end(), bytes.begin(), bytes.end());
    }
    void finish() override {}
    const std::map<std::string, std::string>& texts() const override { return texts_; }
    std::uint64_t open(const std::string& section) override {
        rest_ = sections_.at(section);
        return rest_.size();
    }
    void read(std::span<std::byte> bytes) override {
        if (bytes.size() > rest_.size()) throw std::runtime_error("read beyond the end of a section");
        std::copy_n(rest_.begin(), bytes.size(), bytes.begin());
        rest_ = rest_.subspan(bytes.size());
    }
    std::uint64_t rest() const override { return rest_.size(); }
    const std::map<std::string, Bytes>& sections() const { return sections_; }

   private:
    std::map<std::string, Bytes> sections_;
    std::map<std::string, std::string> texts_;
    Bytes* writing_ = nullptr;
    std::span<const std::byte> rest_;
};

}  // namespace parley
