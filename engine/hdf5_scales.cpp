#include "engine/hdf5_scales.hpp"

#include <hdf5_hl.h>

#include <algorithm>
#include <utility>

namespace parley::hdf5 {

namespace {

hobj_ref_t reference_to(hid_t object) {
    hobj_ref_t reference = 0;
    checked(H5Rcreate(&reference, object, ".", H5R_OBJECT, H5I_INVALID_HID), "refer to a dataset");
    return reference;
}

}  // namespace

Scale::Scale(Dataset dataset, const std::string& name) : dataset_(std::move(dataset)) {
    checked(H5DSset_scale(dataset_.id(), name.c_str()), "make a dimension scale");
    reference_ = reference_to(dataset_.id());
}

void Scale::write_uses() {
    if (uses_.empty()) return;
    const Type type(H5Tcreate(H5T_COMPOUND, sizeof(ScaleUse)), "make the type of a reference list");
    checked(H5Tinsert(type.id(), "dataset", HOFFSET(ScaleUse, dataset), H5T_STD_REF_OBJ), "make a type");
    checked(H5Tinsert(type.id(), "dimension", HOFFSET(ScaleUse, axis), H5T_NATIVE_INT), "make a type");
    write_attribute(dataset_.id(), "REFERENCE_LIST", type.id(), type.id(), simple_space({uses_.size()}), uses_.data());
}

void attach(const Dataset& dataset, const std::vector<Scale*>& scales) {
    const hobj_ref_t self = reference_to(dataset.id());
    std::vector<hobj_ref_t> references;
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
        references.push_back(scales[axis]->reference());
        scales[axis]->note_use(self, static_cast<int>(axis));
    }
    std::vector<hvl_t> lists;
    lists.reserve(references.size());
    for (hobj_ref_t& reference : references) lists.push_back({1, &reference});
    const Type type(H5Tvlen_create(H5T_STD_REF_OBJ), "make the type of a dimension list");
    write_attribute(dataset.id(), "DIMENSION_LIST", type.id(), type.id(), simple_space({lists.size()}), lists.data());
}

Scale write_dimension(hid_t group, const Dimension& dimension) {
    const Space space = simple_space({dimension.size()});
    Dataset dataset;
    if (dimension.labels.empty()) {
        dataset = create_fixed(group, dimension.name, H5T_IEEE_F64LE, space, false);
        checked(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, dimension.coordinates.data()),
                "write a dimension");
    } else {
        const Type type = text_type();
        std::vector<const char*> labels;
        for (const std::string& label : dimension.labels) labels.push_back(label.c_str());
        dataset = create_fixed(group, dimension.name, type.id(), space, false);
        checked(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, labels.data()), "write a dimension");
    }
    describe(dataset, dimension.unit, dimension.long_name);
    return {std::move(dataset), dimension.name};
}

GroupScales::GroupScales(const Group& group, const ResultSchema& schema, const std::vector<Variable>& variables) {
    for (const Dimension& dimension : schema.dimensions) {
        const bool used = std::any_of(variables.begin(), variables.end(),
                                      [&](const Variable& v) { return v.dimension == dimension.name; });
        if (used) scales_.emplace(dimension.name, write_dimension(group.id(), dimension));
    }
}

std::vector<Scale*> GroupScales::of(const Variable& variable, Scale* time) {
    std::vector<Scale*> axes;
    if (time != nullptr) axes.push_back(time);
    if (!variable.dimension.empty()) axes.push_back(&scales_.at(variable.dimension));
    return axes;
}

void GroupScales::write_uses() {
    for (auto& [name, scale] : scales_) scale.write_uses();
}

}  // namespace parley::hdf5
