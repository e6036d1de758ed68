# One call per folder of src/: its files join the library, its *_test.c files
# become one program each, run by ctest and by `make test`.
function(dtake_module name)
  cmake_parse_arguments(M "" "" "SOURCES;TESTS" ${ARGN})
  foreach(file ${M_SOURCES})
    target_sources(datatake_objects PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  if(DTAKE_TESTS)
    foreach(file ${M_TESTS})
      get_filename_component(stem ${file} NAME_WE)
      dtake_test(${name}_${stem} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endforeach()
  endif()
endfunction()

# The tests of the folders whose code runs on several threads: what the thread sanitizer looks at in `make test`.
# `make check` shows it all of them: also those of the folders that start no thread, and all real rasters, a third of the time.
set(of_one_thread "^raster_(kernels|plan|visualize|visualize_parse|warp|raster_real)_test$")
add_custom_target(threaded_tests)

function(dtake_test name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE datatake_static PkgConfig::CMOCKA m)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  if(DTAKE_SANITIZE) # a quarter of the time to compile; the code that is tested keeps its optimisation
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_property(GLOBAL APPEND PROPERTY DTAKE_TEST_PROGRAMS ${name})
  if(name MATCHES "^(io|raster|catalog|sources|access|server)_" AND NOT name MATCHES "${of_one_thread}")
    add_dependencies(threaded_tests ${name})
  endif()
endfunction()
