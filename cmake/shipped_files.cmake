# authledger_ship_files(TARGET HEADER FOLDER...)
#
# Puts every .yaml and .sql file of the folders into the program as text: one table of (path, text) by the name of
# HEADER, `extern const ShippedFile k_<name>[]` in base/shipped_file.h, sorted by path.
function(authledger_ship_files TARGET HEADER)
  get_filename_component(name ${HEADER} NAME)
  get_filename_component(folder ${HEADER} DIRECTORY)
  set(files)
  foreach(source_folder ${ARGN})
    file(GLOB found CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
         ${CMAKE_SOURCE_DIR}/${source_folder}/*.yaml ${CMAKE_SOURCE_DIR}/${source_folder}/*.sql)
    list(APPEND files ${found})
  endforeach()
  list(SORT files)
  set(generated ${CMAKE_BINARY_DIR}/generated/${folder}/${name}_table.cc)
  # A semicolon would end the argument: the list travels with bars in between.
  list(JOIN files "|" joined)
  set(arguments -DOUTPUT=${generated} -DROOT=${CMAKE_SOURCE_DIR} -DNAME=${name} -DFILES=${joined})
  set(absolute)
  foreach(file ${files})
    list(APPEND absolute ${CMAKE_SOURCE_DIR}/${file})
  endforeach()
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} ${arguments} -P ${CMAKE_SOURCE_DIR}/cmake/write_shipped_table.cmake
    DEPENDS ${absolute} ${CMAKE_SOURCE_DIR}/cmake/write_shipped_table.cmake VERBATIM)
  get_target_property(type ${TARGET} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    target_sources(${TARGET} PRIVATE ${generated})
  endif()
endfunction()
