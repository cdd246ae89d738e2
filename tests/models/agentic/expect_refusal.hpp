// For tests of bad input.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/error.hpp"

namespace parley::agentic {

// The InputError of `action` has all these parts.
inline void expect_refusal(const std::function<void()>& action, const std::vector<std::string>& parts) {
    try {
        action();
        ADD_FAILURE() << "no InputError; wanted one with " << parts.front();
    } catch (const InputError& error) {
        for (const std::string& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << " lacks " << part;
        }
    }
}

}  // namespace parley::agentic
