#include "engine/hdf5_objects.hpp"

#include <algorithm>
#include <string_view>

namespace parley::hdf5 {

namespace {

herr_t note_innermost(unsigned depth, const H5E_error2_t* error, void* text) {
    if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
    return 0;
}

}  // namespace

std::string hdf5_reason() {
    std::string reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_innermost, &reason);
    H5Eclear2(H5E_DEFAULT);
    constexpr std::string_view quote = "error message = '";
    const auto begin = reason.find(quote);
    if (begin != std::string::npos) {
        const auto text = begin + quote.size();
        reason = reason.substr(text, reason.find('\'', text) - text);
    }
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    return reason.empty() ? "no reason given" : reason;
}

Type text_type() {
    Type type(H5Tcopy(H5T_C_S1), "make the text type");
    checked(H5Tset_size(type.id(), H5T_VARIABLE), "make the text type");
    checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), "make the text type");
    return type;
}

Space scalar_space() { return {H5Screate(H5S_SCALAR), "make a scalar dataspace"}; }

Space simple_space(const std::vector<hsize_t>& extent) {
    return {H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), "make a dataspace"};
}

Attribute write_attribute(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type, const Space& space,
                          const void* value) {
    Attribute attribute(H5Acreate2(object, name.c_str(), file_type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                        "create an attribute");
    checked(H5Awrite(attribute.id(), memory_type, value), "write an attribute");
    return attribute;
}

void write_text(hid_t object, const std::string& name, const std::string& value) {
    const Type type = text_type();
    const char* characters = value.c_str();
    write_attribute(object, name, type.id(), type.id(), scalar_space(), &characters);
}

void write_number(hid_t object, const std::string& name, double value) {
    write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, scalar_space(), &value);
}

void describe(const Dataset& dataset, const std::string& unit, const std::string& long_name) {
    write_text(dataset.id(), "units", unit);
    write_text(dataset.id(), "long_name", long_name);
}

Properties without_times(hid_t kind) {
    Properties properties(H5Pcreate(kind), "make creation properties");
    checked(H5Pset_obj_track_times(properties.id(), false), "switch off object times");
    return properties;
}

Group open_group(hid_t root, const std::string& path) {
    const Properties properties = without_times(H5P_GROUP_CREATE);
    for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        const bool there = checked(H5Lexists(root, part.c_str(), H5P_DEFAULT), "look for a group") > 0;
        Group group(there ? H5Gopen2(root, part.c_str(), H5P_DEFAULT)
                          : H5Gcreate2(root, part.c_str(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
                    "create a group");
        if (slash == std::string::npos) return group;
    }
}

hid_t file_type(NumberKind kind) { return kind == NumberKind::count ? H5T_STD_U64LE : H5T_IEEE_F64LE; }
hid_t memory_type(NumberKind kind) { return kind == NumberKind::count ? H5T_NATIVE_UINT64 : H5T_NATIVE_DOUBLE; }

Dataset create_fixed(hid_t group, const std::string& name, hid_t type, const Space& space, bool compact) {
    const Properties properties = without_times(H5P_DATASET_CREATE);
    if (compact) checked(H5Pset_layout(properties.id(), H5D_COMPACT), "choose a compact layout");
    return {H5Dcreate2(group, name.c_str(), type, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
            "create a dataset"};
}

}  // namespace parley::hdf5
