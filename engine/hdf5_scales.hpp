// Dimension scales: the axes of datasets, as h5netcdf, xarray and HDF5's own tools find them.
//
// The links between datasets and their scales are written once each, as H5DSattach_scale would leave them: that
// function rewrites the scale's whole list of references for every dataset.
#pragma once

#include <hdf5.h>

#include <map>
#include <string>
#include <vector>

#include "engine/hdf5_objects.hpp"
#include "engine/result_schema.hpp"

namespace parley::hdf5 {

struct ScaleUse {  // the layout of REFERENCE_LIST in the HDF5 dimension scale specification
    hobj_ref_t dataset;
    int axis;
    int padding;
};

// A dataset that is an axis of others.
class Scale {
   public:
    Scale() = default;
    Scale(Dataset dataset, const std::string& name);
    void note_use(hobj_ref_t dataset, int axis) { uses_.push_back({dataset, axis, 0}); }
    hobj_ref_t reference() const { return reference_; }
    Dataset& dataset() { return dataset_; }
    // To be called once, when all uses are noted.
    void write_uses();

   private:
    Dataset dataset_;
    hobj_ref_t reference_ = 0;
    std::vector<ScaleUse> uses_;
};

// Makes the scales the axes of `dataset`, in their order, and notes that at each.
void attach(const Dataset& dataset, const std::vector<Scale*>& scales);

Scale write_dimension(hid_t group, const Dimension& dimension);

// The axes a group's variables use, each a dimension scale in the group: h5netcdf and xarray show only the
// coordinates of the group they open.
class GroupScales {
   public:
    GroupScales(const Group& group, const ResultSchema& schema, const std::vector<Variable>& variables);
    // The scales of a variable's axes; `time` first when there is one.
    std::vector<Scale*> of(const Variable& variable, Scale* time);
    void write_uses();

   private:
    std::map<std::string, Scale> scales_;
};

}  // namespace parley::hdf5
